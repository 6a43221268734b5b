#include "settings/keyscard.h"

#include "settings/keyrow.h"
#include "widgets/errorbanner.h"

#include <QVBoxLayout>

namespace llmcache::ui {

KeysCard::KeysCard(const Theme* theme, KeyRing* keys, QWidget* parent)
    : Card(tr("Provider keys"), parent)
    , m_keys(keys)
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
    }
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
            Q_EMIT notice(tr("The key of %1 is in the keychain").arg(row->slot().provider));
        },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void KeysCard::keepForSession(KeyRow* row, const QString& key)
{
    m_banner->clear();
    m_keys->keepForSession(row->variable(), key);
    row->closeEditor();
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
