#include "cache/answerview.h"

#include "cache/valuetext.h"
#include "store/entry.h"
#include "widgets/controls.h"
#include "widgets/jsontree.h"
#include "widgets/markdownview.h"
#include "widgets/releaseonworker.h"

#include <QHBoxLayout>
#include <QStackedWidget>

namespace llmcache::ui {

AnswerView::AnswerView(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_chooser(new QWidget(this))
    , m_textForms(new SegmentedControl(m_chooser))
    , m_jsonForms(new SegmentedControl(m_chooser))
    , m_pages(new QStackedWidget(this))
    , m_plain(new ValueText(theme, tr("Answer"), m_pages))
    , m_rendered(new MarkdownView(theme, m_pages))
    , m_tree(new JsonTreeView(theme, m_pages))
    , m_raw(new ValueText(theme, tr("Answer as it is stored"), m_pages))
{
    m_plain->setObjectName(QStringLiteral("answerText"));
    m_rendered->setObjectName(QStringLiteral("answerRendered"));
    m_rendered->setAccessibleName(tr("Answer, rendered"));
    m_tree->setObjectName(QStringLiteral("answerTree"));
    m_tree->setAccessibleName(tr("Answer as a tree"));
    m_raw->setObjectName(QStringLiteral("answerRaw"));
    m_textForms->setObjectName(QStringLiteral("textForms"));
    m_jsonForms->setObjectName(QStringLiteral("jsonForms"));
    for (const QString& form : {tr("Rendered"), tr("Text")})
        m_textForms->addSegment(form);
    for (const QString& form : {tr("JSON"), tr("Tree"), tr("Raw")})
        m_jsonForms->addSegment(form);
    auto* chooserLayout = new QHBoxLayout(m_chooser);
    chooserLayout->setContentsMargins(0, 0, 0, 0);
    chooserLayout->addWidget(m_textForms);
    chooserLayout->addWidget(m_jsonForms);
    for (QWidget* page : std::initializer_list<QWidget*>{m_plain, m_rendered, m_tree, m_raw})
        m_pages->addWidget(page);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);
    connect(m_textForms, &SegmentedControl::currentChanged, this, &AnswerView::refresh);
    connect(m_jsonForms, &SegmentedControl::currentChanged, this, &AnswerView::refresh);
    refresh();
}

void AnswerView::setAnswer(const QString& text, Syntax syntax, std::shared_ptr<const Json> value)
{
    if (text != m_text) {
        // Of the old answer nothing stays in the forms that are not shown.
        m_plain->setText({});
        m_raw->setText({});
        m_rendered->setMarkdown({});
    }
    m_text = text;
    m_syntax = syntax;
    releaseOnWorker(std::exchange(m_value, std::move(value)));
    refresh();
}

void AnswerView::refresh()
{
    const bool isJson = m_syntax == Syntax::Json;
    m_textForms->setVisible(!isJson);
    m_jsonForms->setVisible(isJson && m_value);
    QWidget* page = m_plain;
    if (!isJson && m_textForms->currentIndex() == static_cast<int>(TextForm::Rendered)) {
        page = m_rendered;
        if (m_rendered->markdown() != m_text)
            m_rendered->setMarkdown(m_text);
    } else if (isJson && m_value && m_jsonForms->currentIndex() == static_cast<int>(JsonForm::Tree)) {
        page = m_tree;
        m_tree->setJson(m_value);
    } else if (isJson && m_value && m_jsonForms->currentIndex() == static_cast<int>(JsonForm::Raw)) {
        page = m_raw;
        m_raw->setText(outputText(*m_value));
    } else {
        m_plain->setText(m_text, m_syntax);
    }
    if (page != m_tree)
        m_tree->setJson(nullptr); // a large value is not held for a form that nobody sees
    m_pages->setCurrentWidget(page);
    setFocusProxy(page);
}

} // namespace llmcache::ui
