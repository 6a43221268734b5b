#include "widgets/markdownview.h"

#include "theme/theme.h"
#include "widgets/format.h"

#include <QClipboard>
#include <QDesktopServices>
#include <QGuiApplication>
#include <QMessageBox>
#include <QMetaMethod>
#include <QPushButton>
#include <QTextBlock>
#include <QTextDocument>

namespace llmcache::ui {

namespace {

/// What stands for an image: its words, as a link to where it is.
void replaceImages(QTextDocument* document)
{
    struct Place {
        int position;
        int length;
        QTextImageFormat format;
    };
    std::vector<Place> places;
    for (QTextBlock block = document->begin(); block.isValid(); block = block.next())
        for (auto at = block.begin(); !at.atEnd(); ++at)
            if (const QTextFragment fragment = at.fragment(); fragment.charFormat().isImageFormat())
                places.push_back(
                    {fragment.position(), fragment.length(), fragment.charFormat().toImageFormat()});
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
        QTextCursor cursor(document);
        cursor.setPosition(place->position);
        cursor.setPosition(place->position + place->length, QTextCursor::KeepAnchor);
        QTextCharFormat format;
        format.setAnchor(true);
        format.setAnchorHref(place->format.name());
        format.setFontUnderline(true);
        const QString words = place->format.stringProperty(QTextFormat::ImageAltText);
        cursor.insertText(
            words.isEmpty() ? MarkdownView::tr("[image]") : MarkdownView::tr("[image: %1]").arg(words),
            format);
    }
}

void styleBlocks(QTextDocument* document, const Theme& theme)
{
    const QFont mono = codeFont();
    for (QTextBlock block = document->begin(); block.isValid(); block = block.next()) {
        QTextCursor cursor(block);
        if (!block.blockFormat().hasProperty(QTextFormat::BlockCodeFence)
            && !block.blockFormat().hasProperty(QTextFormat::BlockCodeLanguage))
            continue;
        QTextBlockFormat format;
        format.setBackground(theme.color(Token::Code));
        cursor.mergeBlockFormat(format);
        cursor.select(QTextCursor::BlockUnderCursor);
        QTextCharFormat characters;
        characters.setFontFamilies(mono.families());
        characters.setProperty(QTextFormat::FontPixelSize, mono.pixelSize());
        cursor.mergeCharFormat(characters);
    }
}

} // namespace

MarkdownView::MarkdownView(const Theme* theme, QWidget* parent)
    : QTextBrowser(parent)
    , m_theme(theme)
{
    setOpenLinks(false);
    setTabChangesFocus(false); // Tab goes from link to link, and out at the end
    setUndoRedoEnabled(false);
    connect(this, &QTextBrowser::anchorClicked, this, &MarkdownView::askToOpen);
    connect(theme, &Theme::changed, this, &MarkdownView::render);
}

QVariant MarkdownView::loadResource(int, const QUrl&)
{
    // Not "nothing": Qt would then look for a local file of that name.
    static const QImage blank = [] {
        QImage image(1, 1, QImage::Format_ARGB32);
        image.fill(Qt::transparent);
        return image;
    }();
    return blank;
}

void MarkdownView::setMarkdown(const QString& text)
{
    m_text = text;
    render();
}

void MarkdownView::render()
{
    constexpr int margin = 12;
    // Made without a layout and shown when it is harmless.
    auto* document = new QTextDocument(this);
    document->setDefaultFont(textFont());
    document->setDocumentMargin(margin);
    document->setUndoRedoEnabled(false);
    QTextDocument::MarkdownFeatures features = QTextDocument::MarkdownDialectGitHub;
    features.setFlag(QTextDocument::MarkdownNoHTML);
    document->setMarkdown(m_text.left(mostRendered), features);
    replaceImages(document);
    styleBlocks(document, *m_theme);
    if (m_text.size() > mostRendered) {
        QTextCursor cursor(document);
        cursor.movePosition(QTextCursor::End);
        QTextCharFormat format;
        format.setForeground(m_theme->color(Token::SecondaryText));
        cursor.insertBlock({}, format);
        cursor.insertText(tr("The first %1 of %2 characters are rendered.")
                              .arg(format::count(mostRendered), format::count(m_text.size())),
            format);
    }
    // The one that Qt made belongs to it, and goes by itself.
    QTextDocument* const old = this->document()->parent() == this ? this->document() : nullptr;
    setDocument(document);
    delete old;
}

void MarkdownView::askToOpen(const QUrl& url)
{
    const QString address = url.toString(QUrl::FullyEncoded);
    const bool opens = url.scheme() == QLatin1String("https") || url.scheme() == QLatin1String("http")
        || url.scheme() == QLatin1String("mailto");
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Link"),
        opens ? tr("Open this address outside of the program?")
              : tr("Only web and mail addresses are opened from here."),
        QMessageBox::NoButton, this);
    box->setObjectName(QStringLiteral("linkQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(address);
    QPushButton* const copy = box->addButton(tr("Copy the address"), QMessageBox::ActionRole);
    connect(copy, &QPushButton::clicked, box, [address] { QGuiApplication::clipboard()->setText(address); });
    if (opens) {
        QPushButton* const open = box->addButton(tr("Open"), QMessageBox::AcceptRole);
        open->setObjectName(QStringLiteral("openLink"));
        connect(open, &QPushButton::clicked, this, [this, url] {
            if (isSignalConnected(QMetaMethod::fromSignal(&MarkdownView::linkConfirmed)))
                Q_EMIT linkConfirmed(url);
            else
                QDesktopServices::openUrl(url);
        });
    }
    box->setDefaultButton(box->addButton(tr("Cancel"), QMessageBox::RejectRole));
    box->open();
}

} // namespace llmcache::ui
