#pragma once

#include <QString>

namespace llmcache::ui {

/// Columns of the table of entries. The order is the one a new user sees; settings keep names, not numbers.
enum class EntryColumn {
    Agent,
    Model,
    Task,
    Prompt,
    Answer,
    Flags,
    Age,
    Ttl,
    Cost,
    Hits,
    Size,
    Tokens,
    Author,
    Created,
    Used,
    Saved,
    Tags,
};
inline constexpr int entryColumnCount = static_cast<int>(EntryColumn::Tags) + 1;

/// What the table needs to know of a column.
struct EntryColumnInfo {
    const char* name; ///< in settings
    QString title; ///< in the header; may be empty
    QString description; ///< in menus and tooltips
    int width; ///< pixels at scale 1
    bool shown; ///< for a new user
    bool number; ///< right-aligned
    bool secondary; ///< in the quieter colour
    bool descendingFirst; ///< what the first click on the header means
};
const EntryColumnInfo& columnInfo(EntryColumn column);

} // namespace llmcache::ui
