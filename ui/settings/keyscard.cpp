#include "settings/keyscard.h"

#include "provider/keytest.h"
#include "settings/keyrow.h"
#include "widgets/errorbanner.h"

#include <QVBoxLayout>

#include <numeric>

namespace llmcache::ui {

namespace {

Tone toneOf(KeyTest::Verdict verdict)
{
    switch (verdict) {
    case KeyTest::Verdict::Valid:
        return Tone::Hit;
    case KeyTest::Verdict::Refused:
    case KeyTest::Verdict::NoNetwork:
        return Tone::Error;
    case KeyTest::Verdict::RateLimited:
    case KeyTest::Verdict::Unclear:
        break;
    }
    return Tone::Miss;
}

} // namespace

KeysCard::KeysCard(const Theme* theme, KeyRing* keys, ProviderRegistry* providers, QWidget* parent)
    : Card(tr("Provider keys"), parent)
    , m_keys(keys)
    , m_providers(providers)
    , m_banner(new ErrorBanner(theme))
{
    headingRow()->addStretch();
    auto* about = makeLabel(tr("Keys are kept in the keychain of your system, or for this session in memory. "
                               "Environment variables win. No file holds a key, and none is shown again."),
        Tone::Secondary);
    about->setWordWrap(true);
    body()->addWidget(about);
    body()->addWidget(m_banner);
    auto* list = new QVBoxLayout;
    list->setSpacing(2);
    body()->addLayout(list);
    for (const KeySlot& slot : keySlots()) {
        auto* const row = new KeyRow(slot);
        m_rows.push_back(row);
        list->addWidget(row);
        connect(row, &KeyRow::editRequested, this, [this, row] { edit(row); });
        connect(row, &KeyRow::storeRequested, this, [this, row](const QString& key) { store(row, key); });
        connect(
            row, &KeyRow::keepRequested, this, [this, row](const QString& key) { keepForSession(row, key); });
        connect(row, &KeyRow::removeRequested, this, [this, row] { remove(row); });
        TaskScope* const scope = m_tests.emplace_back(std::make_unique<TaskScope>()).get();
        connect(row, &KeyRow::testRequested, this, [this, row, scope] { test(row, scope); });
        connect(row, &KeyRow::testCancelled, scope, &TaskScope::stop);
        connect(scope, &TaskScope::activeChanged, this, &KeysCard::activeTasksChanged);
    }
    connect(m_keys, &KeyRing::changed, this, &KeysCard::showPlaces);
    connect(&m_tasks, &TaskScope::activeChanged, this, &KeysCard::activeTasksChanged);
    showPlaces();
}

void KeysCard::reload()
{
    m_tasks.run([keys = m_keys](std::stop_token) { return keys->load({}); }, [this] { showPlaces(); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void KeysCard::showPlaces()
{
    for (KeyRow* row : m_rows) {
        QString inForce = row->slot().variables.front();
        KeyRing::Place place = KeyRing::Place::None;
        for (const QString& variable : row->slot().variables) {
            place = m_keys->place(variable);
            if (place != KeyRing::Place::None) {
                inForce = variable;
                break;
            }
        }
        row->setPlace(inForce, place, m_keys->isStored(inForce));
        if (place == KeyRing::Place::None)
            row->clearTest();
    }
}

void KeysCard::stopTasks()
{
    m_tasks.stop();
    for (const auto& scope : m_tests)
        scope->stop();
}

int KeysCard::activeTasks() const
{
    return std::accumulate(m_tests.begin(), m_tests.end(), m_tasks.active(),
        [](int sum, const auto& scope) { return sum + scope->active(); });
}

void KeysCard::test(KeyRow* row, TaskScope* scope)
{
    row->showTesting();
    const QString prefix = row->slot().prefixes.front();
    scope->run([providers = m_providers, prefix](
                   std::stop_token stop) { return testKey(providers, prefix, std::move(stop)); },
        [row](const KeyTest& test) {
            const Tone tone = toneOf(test.verdict);
            QString text = test.text;
            if (!test.remedy.isEmpty())
                text += QLatin1Char(' ') + test.remedy;
            row->showTest(tone, text);
        },
        [row](const Failure& failure) {
            if (failure.cancelled())
                row->clearTest();
            else
                row->showTest(Tone::Error, failure.message + QLatin1Char(' ') + failure.remedy);
        });
}

void KeysCard::edit(KeyRow* row)
{
    for (KeyRow* other : m_rows) {
        if (other != row)
            other->closeEditor();
    }
    row->openEditor();
}

void KeysCard::store(KeyRow* row, const QString& key)
{
    const QString variable = row->variable();
    m_tasks.run([keys = m_keys, variable, key](std::stop_token) { return keys->store(variable, key); },
        [this, row] {
            m_banner->clear();
            row->closeEditor();
            row->clearTest();
            Q_EMIT notice(tr("The key of %1 is in the keychain").arg(row->slot().provider));
        },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void KeysCard::keepForSession(KeyRow* row, const QString& key)
{
    m_banner->clear();
    m_keys->keepForSession(row->variable(), key);
    row->closeEditor();
    row->clearTest();
    Q_EMIT notice(tr("The key of %1 is kept until the program ends").arg(row->slot().provider));
}

void KeysCard::remove(KeyRow* row)
{
    const QString variable = row->variable();
    m_tasks.run([keys = m_keys, variable](std::stop_token) { return keys->remove(variable); },
        [this, row] {
            m_banner->clear();
            row->closeEditor();
            Q_EMIT notice(tr("The key of %1 is deleted").arg(row->slot().provider));
        },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

} // namespace llmcache::ui
