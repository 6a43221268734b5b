#include "settings/runscard.h"

#include "base/error.h"
#include "base/proxychoice.h"
#include "widgets/errorbanner.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>

namespace llmcache::ui {

namespace {

enum ProxyChoice { SystemProxy, NoProxy, OwnProxy };
const QString noProxy = QStringLiteral("none");
constexpr int fieldWidth = 220;

QLabel* noteLabel(const QString& text)
{
    QLabel* const label = makeLabel(text, Tone::Secondary);
    label->setWordWrap(true);
    return label;
}

} // namespace

RunsCard::RunsCard(const Theme* theme, QSettings* settings, const QString& account, QWidget* parent)
    : Card(tr("Runs and network"), parent)
    , m_settings(settings)
    , m_banner(new ErrorBanner(theme))
    , m_user(new QLineEdit)
    , m_userNote(noteLabel(tr("Used when a connection is opened next.")))
    , m_life(new QSpinBox)
    , m_initialWait(new QDoubleSpinBox)
    , m_maxWait(new QSpinBox)
    , m_atOnce(new QSpinBox)
    , m_keep(new QSpinBox)
    , m_proxy(new QComboBox)
    , m_proxyAddress(new QLineEdit)
{
    constexpr double leastWait = 0.1;
    constexpr double longestFirstWait = 60;
    constexpr int longestWait = 3600;
    constexpr int mostAtOnce = 64;
    headingRow()->addStretch();
    m_banner->setObjectName(QStringLiteral("runs problem"));
    m_user->setObjectName(QStringLiteral("ledger user"));
    m_user->setPlaceholderText(account);
    m_user->setMaxLength(100);
    m_userNote->hide();
    m_life->setObjectName(QStringLiteral("default life"));
    m_life->setRange(0, RunPreferences::longestLifeDays);
    m_life->setSuffix(tr(" days"));
    m_life->setSpecialValueText(tr("for ever"));
    m_initialWait->setObjectName(QStringLiteral("initial wait"));
    m_initialWait->setRange(leastWait, longestFirstWait);
    m_initialWait->setSingleStep(leastWait);
    m_initialWait->setDecimals(1);
    m_initialWait->setSuffix(tr(" s"));
    m_maxWait->setObjectName(QStringLiteral("longest wait"));
    m_maxWait->setRange(0, longestWait);
    m_maxWait->setSuffix(tr(" s"));
    m_maxWait->setSpecialValueText(tr("no retries"));
    m_atOnce->setObjectName(QStringLiteral("runs at once"));
    m_atOnce->setRange(0, mostAtOnce);
    m_atOnce->setSpecialValueText(tr("any number"));
    m_keep->setObjectName(QStringLiteral("calls kept"));
    m_keep->setRange(0, RunPreferences::longestKeepDays);
    m_keep->setSuffix(tr(" days"));
    m_keep->setSpecialValueText(tr("for ever"));
    m_proxy->setObjectName(QStringLiteral("proxy"));
    m_proxy->addItems({tr("The system's"), tr("None"), tr("Another one")});
    m_proxyAddress->setObjectName(QStringLiteral("proxy address"));
    m_proxyAddress->setPlaceholderText(QStringLiteral("http://host:8080"));
    m_proxyAddress->setAccessibleName(tr("Address of the proxy"));
    layOut();
    load();
    connect(m_user, &QLineEdit::textEdited, this, [this] {
        m_userNote->show();
        save();
    });
    for (QSpinBox* const box : {m_life, m_maxWait, m_atOnce, m_keep})
        connect(box, &QSpinBox::valueChanged, this, &RunsCard::save);
    connect(m_initialWait, &QDoubleSpinBox::valueChanged, this, &RunsCard::save);
    connect(m_proxy, &QComboBox::currentIndexChanged, this, [this](int choice) {
        m_proxyAddress->setVisible(choice == OwnProxy);
        if (choice == OwnProxy)
            m_proxyAddress->setFocus();
        if (choice != OwnProxy || !m_proxyAddress->text().trimmed().isEmpty())
            saveProxy();
    });
    connect(m_proxyAddress, &QLineEdit::editingFinished, this, &RunsCard::saveProxy);
}

void RunsCard::layOut()
{
    auto* const grid = new QGridLayout;
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(8);
    grid->setColumnMinimumWidth(0, 140);
    grid->setColumnStretch(1, 1);
    int row = 0;
    const auto add = [&](const QString& text, QWidget* control) {
        control->setFixedWidth(fieldWidth);
        control->setAccessibleName(text);
        grid->addWidget(makeLabel(text, Tone::Secondary), row, 0);
        grid->addWidget(control, row++, 1, Qt::AlignLeft);
    };
    add(tr("Your name in the ledger"), m_user);
    grid->addWidget(m_userNote, row++, 1);
    add(tr("Entries live"), m_life);
    add(tr("First wait after a refusal"), m_initialWait);
    add(tr("All waits of a run"), m_maxWait);
    add(tr("Runs at once"), m_atOnce);
    grid->addWidget(
        noteLabel(
            tr("Used by the next run. An agent with a lifetime of its own keeps it. More runs than that "
               "wait for one to end.")),
        row++, 1);
    add(tr("Calls stay in the ledger"), m_keep);
    grid->addWidget(
        noteLabel(tr("Older calls are moved to a file in the folder \"archive\" of the data folder, once a "
                     "day while a window is open; reports keep their sums. For a shared ledger, choose this "
                     "on one computer only.")),
        row++, 1);
    add(tr("Proxy"), m_proxy);
    m_proxyAddress->setFixedWidth(fieldWidth);
    grid->addWidget(m_proxyAddress, row++, 1, Qt::AlignLeft);
    grid->addWidget(
        noteLabel(
            tr("For providers and price lists, from the next connection on. Stores and this machine are "
               "reached directly.")),
        row++, 1);
    body()->setSpacing(12);
    body()->addWidget(m_banner);
    body()->addLayout(grid);
}

void RunsCard::load()
{
    const RunPreferences found = RunPreferences::from(*m_settings);
    m_user->setText(found.user);
    m_life->setValue(found.lifeDays);
    m_initialWait->setValue(std::chrono::duration<double>(found.initialWait).count());
    m_maxWait->setValue(static_cast<int>(found.maxWait.count()));
    m_atOnce->setValue(found.atOnce);
    m_keep->setValue(found.keepDays);
    const QString proxy = proxyPreference(*m_settings);
    const bool isOwn = !proxy.isEmpty() && proxy != noProxy;
    m_proxy->setCurrentIndex(isOwn ? OwnProxy : proxy == noProxy ? NoProxy : SystemProxy);
    m_proxyAddress->setText(isOwn ? proxy : QString());
    m_proxyAddress->setVisible(isOwn);
}

void RunsCard::save()
{
    constexpr double millisecond = 1000;
    RunPreferences chosen;
    chosen.user = m_user->text().trimmed();
    chosen.lifeDays = m_life->value();
    chosen.initialWait = std::chrono::milliseconds(qRound(m_initialWait->value() * millisecond));
    chosen.maxWait = std::chrono::seconds(m_maxWait->value());
    chosen.atOnce = m_atOnce->value();
    chosen.keepDays = m_keep->value();
    chosen.save(*m_settings);
}

void RunsCard::saveProxy()
{
    QString choice;
    if (m_proxy->currentIndex() == NoProxy)
        choice = noProxy;
    else if (m_proxy->currentIndex() == OwnProxy)
        choice = m_proxyAddress->text().trimmed();
    try {
        useProxy(choice);
        saveProxyPreference(*m_settings, choice);
        m_banner->clear();
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
    }
}

} // namespace llmcache::ui
