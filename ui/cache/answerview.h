#pragma once

#include "base/json.h"
#include "widgets/codeedit.h"

#include <QWidget>

#include <memory>

class QStackedWidget;

namespace llmcache::ui {

class JsonTreeView;
class MarkdownView;
class SegmentedControl;
class Theme;
class ValueText;

/// An answer to read, in the forms that it has: a text rendered or as it is, JSON indented, as a tree, or as
/// it is stored. A form is made when it is looked at.
class AnswerView : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit AnswerView(const Theme* theme, QWidget* parent = nullptr);

    /// `text`: the answer as people read it. `value`: the answer itself, null where there is only text.
    void setAnswer(const QString& text, Syntax syntax, std::shared_ptr<const Json> value);
    /// Where the user chooses the form, for a row of buttons; lives as long as the view.
    QWidget* chooser() const { return m_chooser; }

private:
    enum class TextForm { Rendered, Plain };
    enum class JsonForm { Indented, Tree, Raw };
    void refresh();

    QWidget* m_chooser;
    SegmentedControl* m_textForms;
    SegmentedControl* m_jsonForms;
    QStackedWidget* m_pages;
    ValueText* m_plain;
    MarkdownView* m_rendered;
    JsonTreeView* m_tree;
    ValueText* m_raw;
    QString m_text;
    Syntax m_syntax = Syntax::None;
    std::shared_ptr<const Json> m_value;
};

} // namespace llmcache::ui
