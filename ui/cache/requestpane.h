#pragma once

#include "cache/requestsections.h"

#include <QWidget>

class QStackedWidget;
class QTextEdit;

namespace llmcache::ui {

class SegmentedControl;
class Theme;
class ValueText;

/// The request of an entry: part by part to read, or as the JSON that is fingerprinted.
class RequestPane : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit RequestPane(const Theme* theme, QWidget* parent = nullptr);
    void show(const std::vector<RequestSection>& sections, const QString& json);

    /// Characters of one part that are shown; a note says so where there are more.
    static constexpr qsizetype mostShown = 20'000;

private:
    void render();

    const Theme* m_theme;
    SegmentedControl* m_forms;
    QStackedWidget* m_pages;
    QTextEdit* m_text;
    ValueText* m_json;
    std::vector<RequestSection> m_sections;
};

} // namespace llmcache::ui
