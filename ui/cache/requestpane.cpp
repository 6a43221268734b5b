#include "cache/requestpane.h"

#include "cache/valuetext.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/format.h"

#include <QStackedWidget>
#include <QTextBlock>
#include <QTextEdit>
#include <QVBoxLayout>

namespace llmcache::ui {

RequestPane::RequestPane(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_forms(new SegmentedControl(this))
    , m_pages(new QStackedWidget(this))
    , m_text(new QTextEdit(m_pages))
    , m_json(new ValueText(theme, tr("Request as JSON"), m_pages))
{
    m_forms->setObjectName(QStringLiteral("requestForms"));
    m_forms->addSegment(tr("Parts"));
    m_forms->addSegment(tr("JSON"));
    m_text->setObjectName(QStringLiteral("requestParts"));
    m_text->setAccessibleName(tr("Request"));
    m_text->setReadOnly(true);
    m_text->setUndoRedoEnabled(false);
    m_text->setTabChangesFocus(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->document()->setDocumentMargin(10);
    m_json->setObjectName(QStringLiteral("requestText"));
    m_pages->addWidget(m_text);
    m_pages->addWidget(m_json);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->setSpacing(8);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_forms);
    connect(m_forms, &SegmentedControl::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(theme, &Theme::changed, this, &RequestPane::render);
}

void RequestPane::show(const std::vector<RequestSection>& sections, const QString& json)
{
    m_sections = sections;
    m_json->setText(json, Syntax::Json);
    render();
}

void RequestPane::render()
{
    m_text->clear();
    QTextCursor cursor(m_text->document());
    cursor.beginEditBlock();
    QTextCharFormat title;
    title.setFont(textFont(TextSize::Small, QFont::DemiBold));
    title.setForeground(m_theme->color(Token::SecondaryText));
    QTextCharFormat note;
    note.setForeground(m_theme->color(Token::SecondaryText));
    QTextCharFormat words;
    words.setFont(textFont());
    QTextCharFormat code;
    code.setFont(codeFont());
    QTextBlockFormat heading;
    constexpr int above = 10;
    bool first = true;
    for (const RequestSection& section : m_sections) {
        heading.setTopMargin(first ? 0 : above);
        if (std::exchange(first, false))
            cursor.setBlockFormat(heading);
        else
            cursor.insertBlock(heading);
        cursor.insertText(section.title, title);
        cursor.insertBlock(QTextBlockFormat());
        if (section.text.isEmpty())
            cursor.insertText(tr("empty"), note);
        cursor.insertText(section.text.left(mostShown), section.code ? code : words);
        if (section.text.size() > mostShown)
            cursor.insertText(tr("\n… %1 more characters; JSON has all of them")
                                  .arg(format::count(section.text.size() - mostShown)),
                note);
    }
    cursor.endEditBlock();
    m_text->moveCursor(QTextCursor::Start);
}

} // namespace llmcache::ui
