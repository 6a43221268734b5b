#include "connections/connectioneditor.h"

#include "connection/connectionsecrets.h"
#include "connections/teststeplist.h"
#include "provider/keyring.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/spinner.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPointer>
#include <QScrollArea>
#include <QShortcut>
#include <QSignalBlocker>
#include <QTimer>
#include <QVBoxLayout>

#include <cstdlib>
#include <utility>

namespace llmcache::ui {

namespace {

/// Tests what the fields say, with the passwords that were typed, else those that are kept.
QCoro::Task<std::vector<TestStep>> testProfile(Connections* connections, ConnectionProfile profile,
    StoreSecrets typed, TestProgress progress, std::stop_token stop)
{
    ConnectionProfile copy = profile;
    StoreSecrets secrets = co_await loadSecrets(connections->keys(), std::move(copy));
    if (!typed.password.isEmpty())
        secrets.password = typed.password;
    if (!typed.sentinelPassword.isEmpty())
        secrets.sentinelPassword = typed.sentinelPassword;
    TestTarget target;
    target.storeUrl = profile.address.urlWith(secrets);
    target.dataFolder = connections->folder();
    target.workspace = profile.workspace;
    target.readOnly = profile.traits.readOnly;
    target.writeForPython = profile.traits.writeForPython;
    co_return co_await testConnection(std::move(target), std::move(progress), std::move(stop));
}

/// Scrolls to what has just been shown, once it has its place.
void reveal(QWidget* widget)
{
    QTimer::singleShot(0, widget, [widget] {
        // A page grows layout by layout, and only then its scroll area knows how far it goes.
        QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest);
        for (QWidget* parent = widget->parentWidget(); parent; parent = parent->parentWidget()) {
            if (auto* const area = qobject_cast<QScrollArea*>(parent))
                area->ensureWidgetVisible(widget);
        }
    });
}

} // namespace

ConnectionEditor::ConnectionEditor(const Theme* theme, Connections* connections, QWidget* parent)
    : QWidget(parent)
    , m_connections(connections)
    , m_url(new QLineEdit(this))
    , m_form(new ConnectionForm(theme, this))
    , m_banner(new ErrorBanner(theme, this))
    , m_steps(new TestStepList(this))
    , m_test(secondaryButton(tr("Test"), this))
    , m_spinner(new Spinner(theme, this))
    , m_save(primaryButton(tr("Save connection"), this))
    , m_keep(secondaryButton(tr("Keep the password for this session"), this))
{
    layOut();
    connect(m_url, &QLineEdit::textChanged, this, &ConnectionEditor::takeUrl);
    connect(m_url, &QLineEdit::editingFinished, this, &ConnectionEditor::hideSecrets);
    connect(m_test, &QPushButton::clicked, this, &ConnectionEditor::test);
    connect(m_save, &QPushButton::clicked, this, [this] { save(Connections::Keep::Keychain); });
    connect(m_keep, &QPushButton::clicked, this, [this] { save(Connections::Keep::Session); });
    connect(m_form, &ConnectionForm::forgetRequested, this, &ConnectionEditor::forget);
    for (TaskScope* tasks : {&m_tasks, &m_testTasks})
        connect(tasks, &TaskScope::activeChanged, this, &ConnectionEditor::activeTasksChanged);
    auto* escape = new QShortcut(Qt::Key_Escape, this, this, &ConnectionEditor::cancelled);
    escape->setContext(Qt::WidgetWithChildrenShortcut);
}

void ConnectionEditor::layOut()
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    m_url->setObjectName(QStringLiteral("connection url"));
    m_url->setPlaceholderText(tr("Paste a URL to fill in the fields: rediss://user:password@host:6379/0"));
    m_url->setAccessibleName(tr("URL to fill in the fields from"));
    column->addWidget(m_url);
    column->addWidget(m_form);
    column->addWidget(m_banner);
    column->addWidget(m_steps);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_test->setObjectName(QStringLiteral("test connection"));
    m_save->setObjectName(QStringLiteral("save connection"));
    m_keep->setObjectName(QStringLiteral("keep connection password"));
    auto* cancel = flatButton(tr("Cancel"), this);
    connect(cancel, &QPushButton::clicked, this, &ConnectionEditor::cancelled);
    row->addWidget(m_save);
    row->addWidget(m_keep);
    row->addWidget(m_test);
    row->addWidget(m_spinner);
    row->addStretch();
    row->addWidget(cancel);
    column->addLayout(row);
}

void ConnectionEditor::edit(ConnectionProfile profile)
{
    begin(std::move(profile), {});
}

void ConnectionEditor::editCopy(const ConnectionProfile& original, const QString& name)
{
    const ConnectionForm::Kept kept = keptOf(original);
    const bool hasPassword =
        kept.password != KeyRing::Place::None || kept.sentinelPassword != KeyRing::Place::None;
    ConnectionProfile copy = original;
    copy.id.clear();
    copy.traits.name = name;
    begin(std::move(copy), hasPassword ? original.traits.name : QString());
}

void ConnectionEditor::begin(ConnectionProfile profile, const QString& leftBehind)
{
    m_testTasks.drop();
    setTesting(false);
    m_steps->clear();
    m_banner->clear();
    m_keep->hide();
    m_url->clear();
    const bool isNew = profile.id.isEmpty();
    if (isNew)
        profile.id = ConnectionProfile::newId();
    ConnectionForm::Kept kept = keptOf(profile);
    kept.leftBehind = leftBehind;
    m_form->setProfile(profile, kept);
    if (isNew && leftBehind.isEmpty())
        m_url->setFocus();
    else
        m_form->findChild<QLineEdit*>(QStringLiteral("connection name"))->setFocus();
    // Below a long list it would open out of sight.
    reveal(m_save);
    reveal(m_url);
}

ConnectionForm::Kept ConnectionEditor::keptOf(const ConnectionProfile& profile) const
{
    const KeyRing* const keys = m_connections->keys();
    ConnectionForm::Kept kept;
    kept.password = keys->place(profile.secretName());
    kept.sentinelPassword = keys->place(profile.sentinelSecretName());
    return kept;
}

void ConnectionEditor::forget()
{
    const ConnectionProfile profile = m_form->profile();
    m_tasks.run([connections = m_connections, profile](
                    std::stop_token) { return connections->forgetSecrets(profile); },
        [this, profile] {
            m_banner->clear();
            m_form->setKept(keptOf(profile));
        },
        [this](const Failure& failure) { showFailure(failure); });
}

void ConnectionEditor::takeUrl(const QString& text)
{
    // What comes letter by letter is still being typed.
    const bool isPasted = std::abs(text.size() - std::exchange(m_urlLength, text.size())) > 1;
    if (text.trimmed().isEmpty()) {
        setStyleProperty(m_url, "invalid", false);
        m_url->setToolTip({});
        return;
    }
    try {
        StoreSecrets secrets;
        const StoreAddress address = StoreAddress::fromUrl(text, &secrets);
        m_form->setAddress(address, secrets);
        setStyleProperty(m_url, "invalid", false);
        m_url->setToolTip({});
        // Not within the field's own change of its text.
        if (isPasted && !secrets.isEmpty())
            QMetaObject::invokeMethod(this, &ConnectionEditor::hideSecrets, Qt::QueuedConnection);
    } catch (const ConfigurationError& error) {
        // Perhaps it is still being typed.
        setStyleProperty(m_url, "invalid", true);
        m_url->setToolTip(error.text());
    }
}

void ConnectionEditor::hideSecrets()
{
    try {
        StoreSecrets secrets;
        const StoreAddress address = StoreAddress::fromUrl(m_url->text(), &secrets);
        if (secrets.isEmpty())
            return;
        const QSignalBlocker quiet(m_url); // the fields below keep them
        m_url->setText(address.url());
        m_urlLength = m_url->text().size();
    } catch (const ConfigurationError&) {
        return; // marked as no URL, and to be put right
    }
}

void ConnectionEditor::test()
{
    if (m_testing) {
        m_testTasks.drop();
        setTesting(false);
        m_steps->clear();
        return;
    }
    m_banner->clear();
    m_steps->clear();
    setTesting(true);
    const QPointer<TestStepList> list = m_steps;
    m_testTasks.run(
        [connections = m_connections, profile = m_form->profile(), typed = m_form->secrets(), list](
            std::stop_token stop) {
            const auto progress = [list, stop](const std::vector<TestStep>& steps) {
                if (list && !stop.stop_requested())
                    list->setSteps(steps);
            };
            return testProfile(connections, profile, typed, progress, stop);
        },
        [this](const std::vector<TestStep>& steps) {
            setTesting(false);
            m_steps->setSteps(steps);
            reveal(m_steps);
            reveal(m_save);
        },
        [this](const Failure& failure) {
            setTesting(false);
            m_steps->clear();
            showFailure(failure);
        });
}

void ConnectionEditor::setTesting(bool on)
{
    m_testing = on;
    m_test->setText(on ? tr("Stop the test") : tr("Test"));
    m_spinner->setBusy(on);
}

void ConnectionEditor::save(Connections::Keep keep)
{
    const ConnectionProfile profile = m_form->profile();
    const StoreSecrets secrets = m_form->secrets();
    // Nothing typed: what is kept stays.
    if (secrets.isEmpty())
        keep = Connections::Keep::Unchanged;
    m_save->setEnabled(false);
    m_tasks.run([connections = m_connections, profile, secrets, keep](
                    std::stop_token) { return connections->save(profile, secrets, keep); },
        [this, profile] {
            m_save->setEnabled(true);
            m_form->clearSecrets();
            m_url->clear();
            Q_EMIT saved(profile);
        },
        [this, keep](const Failure& failure) {
            m_save->setEnabled(true);
            m_keep->setVisible(
                keep == Connections::Keep::Keychain && failure.message.contains(QLatin1String("keychain")));
            showFailure(failure);
        });
}

void ConnectionEditor::showFailure(const Failure& failure)
{
    if (failure.cancelled())
        return;
    m_banner->showProblem(failure.message, failure.remedy);
    // Not below what can be seen, nor without what can be done about it.
    reveal(m_banner);
    reveal(m_save);
}

} // namespace llmcache::ui
