#include "shell/helpview.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QDesktopServices>
#include <QDir>
#include <QFile>
#include <QHBoxLayout>
#include <QListWidget>
#include <QTextBlock>
#include <QTextBrowser>

namespace llmcache::ui {

namespace {

/// Room between the paragraphs of a page, and sizes of the program's scale for its headings.
void polish(QTextDocument* document)
{
    for (QTextBlock block = document->begin(); block.isValid(); block = block.next()) {
        QTextCursor cursor(block);
        QTextBlockFormat format = block.blockFormat();
        const int level = format.headingLevel();
        format.setLineHeight(135, QTextBlockFormat::ProportionalHeight);
        if (!cursor.currentTable())
            format.setBottomMargin(level > 0 ? 6 : 8);
        format.setTopMargin(level > 1 ? 14 : 0);
        cursor.setBlockFormat(format);
        if (level == 0)
            continue;
        cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
        QTextCharFormat letters;
        letters.setFont(textFont(level == 1 ? TextSize::Title : TextSize::Large, QFont::DemiBold));
        // Replaced, not merged: Markdown headings carry a size adjustment that would come on top.
        cursor.setCharFormat(letters);
    }
}

} // namespace

HelpView::HelpView(const Theme* theme, QWidget* parent)
    : View(parent)
    , m_topics(new QListWidget(this))
    , m_page(new QTextBrowser(this))
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* side = panelFrame(this);
    side->setFixedWidth(216);
    auto* sideLayout = new QVBoxLayout(side);
    sideLayout->setContentsMargins(8, 12, 8, 12);
    sideLayout->addWidget(m_topics, 1);
    auto* welcome = secondaryButton(tr("Show the welcome"), side);
    welcome->setObjectName(QStringLiteral("show welcome"));
    connect(welcome, &QPushButton::clicked, this, &HelpView::welcomeRequested);
    sideLayout->addWidget(welcome);
    m_topics->setProperty("nav", true);
    m_topics->setAccessibleName(tr("Help topics"));
    m_topics->setFont(textFont());
    layout->addWidget(side);
    layout->addWidget(verticalRule(this));
    m_page->setProperty("plain", true);
    m_page->setAccessibleName(tr("Help page"));
    m_page->setOpenLinks(false);
    m_page->document()->setDefaultFont(textFont());
    m_page->document()->setDocumentMargin(24);
    // Longer lines are hard to read.
    m_page->setMaximumWidth(760);
    layout->addWidget(m_page, 1000);
    layout->addStretch(1);
    const QDir folder(QStringLiteral(":/llmcache/help"));
    for (const QString& name : folder.entryList({QStringLiteral("*.md")}, QDir::Files, QDir::Name)) {
        QFile file(folder.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            addPage(QString::fromUtf8(file.readAll()), name);
    }
    connect(m_topics, &QListWidget::currentRowChanged, this, &HelpView::showPage);
    connect(m_page, &QTextBrowser::anchorClicked, this, &HelpView::follow);
    connect(theme, &Theme::changed, this, [this] { showPage(m_topics->currentRow()); });
    m_topics->setCurrentRow(0);
}

void HelpView::addPage(const QString& markdown, const QString& fileName)
{
    m_pages.append(markdown);
    m_fileNames.append(fileName);
    auto* item = new QListWidgetItem(markdown.section(u'\n', 0, 0).remove(0, 2), m_topics);
    item->setSizeHint(QSize(0, 32));
}

void HelpView::setShortcuts(const QList<Shortcut>& shortcuts)
{
    QString page = QStringLiteral("# ") + tr("Keyboard shortcuts") + u'\n';
    QString group;
    for (const Shortcut& shortcut : shortcuts) {
        if (shortcut.group != group) {
            group = shortcut.group;
            page += QStringLiteral("\n## %1\n\n| | |\n|:--|:--|\n").arg(group);
        }
        page += QStringLiteral("| %1 | %2 |\n").arg(shortcut.keys, shortcut.text);
    }
    addPage(page);
}

void HelpView::activate()
{
    m_topics->setFocus(Qt::OtherFocusReason);
}

QList<QWidget*> HelpView::panes()
{
    return {m_topics, m_page};
}

void HelpView::follow(const QUrl& link)
{
    const auto row = m_fileNames.indexOf(link.fileName());
    if (row >= 0)
        m_topics->setCurrentRow(static_cast<int>(row));
    else if (link.scheme() == QLatin1String("https"))
        QDesktopServices::openUrl(link);
}

void HelpView::showPage(int row)
{
    if (row < 0)
        return;
    m_page->document()->setMarkdown(m_pages.at(row), QTextDocument::MarkdownDialectGitHub);
    polish(m_page->document());
    m_page->moveCursor(QTextCursor::Start);
}

} // namespace llmcache::ui
