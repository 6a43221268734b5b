#pragma once

#include "cost/pricetable.h"
#include "store/entry.h"

#include <QWidget>

class QLabel;
class QGridLayout;

namespace llmcache::ui {

class Theme;
class ValueText;

/// Tokens and cost arithmetic of an entry, and what the provider reported.
class UsagePane : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit UsagePane(const Theme* theme, QWidget* parent = nullptr);
    /// `quote`: today's table applied to the usage.
    void show(const Entry& entry, const Quote& quote);
    void setRawUsage(const QString& text);
    /// Shows nothing.
    void clear();

private:
    void removeLines();
    void addCells(int row, const QStringList& cells, bool total);
    QWidget* m_lines;
    QGridLayout* m_grid = nullptr;
    QLabel* m_source;
    QLabel* m_rawLabel;
    ValueText* m_raw;
};

/// "294 × $1 + 1,536 × $0.1 + 212 × $5 per million"; empty for an unpriced quote.
QString arithmetic(const Quote& quote);

} // namespace llmcache::ui
