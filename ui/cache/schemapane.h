#pragma once

#include "cache/schemacheck.h"
#include "widgets/diffview.h"

#include <QWidget>

class QLabel;
class QStackedWidget;

namespace llmcache::ui {

class Badge;
class SegmentedControl;
class Theme;
class ValueText;

/// What the schema tab shows, made on a worker thread.
struct SchemaTexts {
    SchemaCheck check;
    QString agent;
    QString schema; ///< indented
    std::vector<DiffSection> changes; ///< from the schema asked with to the present one
};
SchemaTexts schemaTexts(const Entry& entry, const std::optional<Agent>& agent);

/// Whether an answer fits the schema that its agent has today, what is wrong with it, and what changed in the
/// schema since it was stored.
class SchemaPane : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit SchemaPane(const Theme* theme, QWidget* parent = nullptr);
    void show(const SchemaTexts& texts);
    /// The title of its tab: "Schema ✓", "Schema ✕ 2".
    static QString tabTitle(const SchemaCheck& check);

private:
    Badge* m_verdict;
    QLabel* m_note;
    QLabel* m_violations;
    SegmentedControl* m_forms;
    QStackedWidget* m_pages;
    ValueText* m_schema;
    DiffView* m_changes;
};

} // namespace llmcache::ui
