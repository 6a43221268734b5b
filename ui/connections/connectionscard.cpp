#include "connections/connectionscard.h"

#include "connections/connectioncolour.h"
#include "connections/connectioneditor.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/errorbanner.h"

#include <QHBoxLayout>
#include <QPointer>
#include <QVBoxLayout>

namespace llmcache::ui {

ConnectionsCard::ConnectionsCard(const Theme* theme, Connections* connections, QWidget* parent)
    : Card(tr("Connections"), parent)
    , m_theme(theme)
    , m_connections(connections)
    , m_add(secondaryButton(tr("Add a connection…")))
    , m_banner(new ErrorBanner(theme))
    , m_none(makeLabel(tr("None yet. A connection is a store that you come back to: a Redis that your team "
                          "shares, or a file."),
          Tone::Secondary))
    , m_list(new QVBoxLayout)
    , m_editor(new ConnectionEditor(theme, connections))
{
    headingRow()->addStretch();
    headingRow()->addWidget(m_add);
    m_add->setObjectName(QStringLiteral("add connection"));
    auto* about = makeLabel(tr("Passwords are kept in the keychain of your system, or come from environment "
                               "variables. No file holds one."),
        Tone::Secondary);
    about->setWordWrap(true);
    m_none->setWordWrap(true);
    m_list->setSpacing(8);
    body()->setSpacing(12);
    body()->addWidget(about);
    body()->addWidget(m_banner);
    body()->addWidget(m_none);
    body()->addLayout(m_list);
    body()->addWidget(m_editor);
    m_editor->hide();
    connect(m_add, &QPushButton::clicked, this, &ConnectionsCard::add);
    connect(m_editor, &ConnectionEditor::cancelled, this, [this] {
        m_editor->hide();
        m_add->setFocus();
    });
    connect(m_editor, &ConnectionEditor::saved, this, [this](const ConnectionProfile& profile) {
        m_editor->hide();
        m_add->setFocus();
        Q_EMIT notice(tr("The connection \"%1\" is saved").arg(profile.traits.name), tr("Open"),
            [this, profile] { Q_EMIT openRequested(profile); });
    });
    connect(m_editor, &ConnectionEditor::activeTasksChanged, this, &ConnectionsCard::activeTasksChanged);
    connect(&m_tasks, &TaskScope::activeChanged, this, &ConnectionsCard::activeTasksChanged);
    connect(connections, &Connections::changed, this, &ConnectionsCard::reload);
    connect(theme, &Theme::changed, this, [this] { show(m_profiles); });
}

void ConnectionsCard::setCurrent(const QString& id)
{
    m_current = id;
    show(m_profiles);
}

void ConnectionsCard::reload()
{
    m_tasks.run([connections = m_connections](std::stop_token) { return connections->load(); },
        [this](const std::vector<ConnectionProfile>& profiles) {
            m_banner->clear();
            show(profiles);
        },
        [this](const Failure& failure) { showFailure(failure); });
}

void ConnectionsCard::show(const std::vector<ConnectionProfile>& profiles)
{
    m_profiles = profiles;
    while (QLayoutItem* item = m_list->takeAt(0)) {
        item->widget()->deleteLater();
        item->widget()->hide();
        delete item;
    }
    for (const ConnectionProfile& profile : profiles)
        m_list->addWidget(makeRow(profile));
    m_none->setVisible(profiles.empty());
}

QWidget* ConnectionsCard::makeRow(const ConnectionProfile& profile)
{
    const QString name = profile.traits.name;
    auto* holder = new QWidget;
    holder->setObjectName(QStringLiteral("connection ") + name);
    auto* row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* dot = new QLabel;
    dot->setPixmap(connectionDot(*m_theme, profile.colour).pixmap(16));
    row->addWidget(dot);
    // In two lines: beside name, badges and buttons nothing would be left of an address.
    auto* words = new QVBoxLayout;
    words->setSpacing(0);
    auto* top = new QHBoxLayout;
    top->setSpacing(8);
    auto* label = new ElidedLabel(name);
    label->setFont(textFont(TextSize::Body, QFont::DemiBold));
    label->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    top->addWidget(label);
    if (profile.traits.production)
        top->addWidget(new Badge(BadgeKind::Error, tr("▲ production")));
    if (profile.traits.readOnly)
        top->addWidget(new Badge(BadgeKind::Neutral, tr("read-only")));
    if (profile.id == m_current)
        top->addWidget(new Badge(BadgeKind::Hit, tr("✓ open here")));
    top->addStretch();
    words->addLayout(top);
    const QString url = profile.address.url();
    auto* where = new ElidedLabel(
        QStringLiteral("%1 · %2").arg(url.isEmpty() ? tr("the embedded file") : url, profile.workspace),
        nullptr, Qt::ElideMiddle);
    where->setObjectName(QStringLiteral("address of ") + name);
    setTone(where, Tone::Secondary);
    words->addWidget(where);
    row->addLayout(words, 1);
    const auto addButton = [row, &name](Button* button, const QString& what) {
        button->setAccessibleName(QStringLiteral("%1: %2").arg(what, name));
        button->setObjectName(what.toLower() + QStringLiteral(" ") + name);
        row->addWidget(button);
        return button;
    };
    Button* open = addButton(flatButton(tr("Open")), tr("Open"));
    open->setVisible(profile.id != m_current);
    connect(open, &QPushButton::clicked, this, [this, profile] { Q_EMIT openRequested(profile); });
    connect(addButton(flatButton(tr("Edit…")), tr("Edit")), &QPushButton::clicked, this,
        [this, profile] { edit(profile); });
    connect(addButton(flatButton(tr("Duplicate")), tr("Duplicate")), &QPushButton::clicked, this,
        [this, profile] { duplicate(profile); });
    connect(addButton(flatButton(tr("Delete")), tr("Delete")), &QPushButton::clicked, this,
        [this, profile] { remove(profile); });
    return holder;
}

void ConnectionsCard::add()
{
    ConnectionProfile profile;
    profile.address.kind = StoreAddress::Kind::Server;
    edit(profile);
}

void ConnectionsCard::edit(const ConnectionProfile& profile)
{
    m_editor->show();
    m_editor->edit(profile);
}

void ConnectionsCard::duplicate(const ConnectionProfile& profile)
{
    m_editor->show();
    m_editor->editCopy(profile, tr("%1 (copy)").arg(profile.traits.name));
}

void ConnectionsCard::remove(const ConnectionProfile& profile)
{
    m_tasks.run(
        [connections = m_connections, id = profile.id](std::stop_token) { return connections->remove(id); },
        [this](const std::optional<Connections::Removed>& removed) {
            if (!removed)
                return;
            const QPointer<ConnectionsCard> self = this;
            Q_EMIT notice(tr("The connection \"%1\" is deleted").arg(removed->profile.traits.name),
                tr("Undo"), [self, removed] {
                    if (!self)
                        return;
                    self->m_tasks.run([connections = self->m_connections, removed](
                                          std::stop_token) { return connections->putBack(*removed); },
                        [] {}, [self](const Failure& failure) { self->showFailure(failure); });
                });
        },
        [this](const Failure& failure) { showFailure(failure); });
}

void ConnectionsCard::showFailure(const Failure& failure)
{
    if (!failure.cancelled())
        m_banner->showProblem(failure.message, failure.remedy);
}

void ConnectionsCard::stopTasks()
{
    m_tasks.stop();
    m_editor->stopTasks();
}

int ConnectionsCard::activeTasks() const
{
    return m_tasks.active() + m_editor->activeTasks();
}

} // namespace llmcache::ui
