#include "cache/entrycolumns.h"

#include <QCoreApplication>

#include <array>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("EntryColumns", text);
}

std::array<EntryColumnInfo, entryColumnCount> makeColumns()
{
    return {{
        {"agent", tr("Agent"), tr("Agent"), 102, true, false, false, false},
        {"model", tr("Model"), tr("Model"), 132, true, false, true, false},
        {"task", tr("Task"), tr("Task"), 104, true, false, true, false},
        {"prompt", tr("Prompt"), tr("Prompt"), 152, true, false, false, false},
        {"answer", tr("Answer"), tr("Answer"), 152, true, false, true, false},
        {"flags", QString(),
            tr("Flags: edited by hand, Python, pinned; ✕ = checked, does not fit its schema"), 58, true,
            false, false, true},
        {"age", tr("Age"), tr("Age"), 64, true, true, false, false},
        {"ttl", tr("TTL"), tr("TTL: time until it expires"), 64, true, true, true, false},
        {"cost", tr("Cost"), tr("Cost"), 80, true, true, false, true},
        {"hits", tr("Hits"), tr("Hits"), 50, true, true, false, true},
        {"size", tr("Size"), tr("Size of request and answer"), 76, false, true, true, true},
        {"tokens", tr("Tokens"), tr("Tokens, input and output"), 76, false, true, true, true},
        {"author", tr("Author"), tr("Author"), 90, false, false, true, false},
        {"created", tr("Created"), tr("Created"), 104, false, true, true, true},
        {"used", tr("Last used"), tr("Last used"), 104, false, true, true, true},
        {"saved", tr("Saved"), tr("Saved so far: cost times hits"), 84, false, true, false, true},
        {"tags", tr("Tags"), tr("Tags"), 104, false, false, true, false},
    }};
}

} // namespace

const EntryColumnInfo& columnInfo(EntryColumn column)
{
    static const auto columns = makeColumns();
    return columns[static_cast<std::size_t>(column)];
}

} // namespace llmcache::ui
