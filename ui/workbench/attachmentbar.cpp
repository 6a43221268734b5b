#include "workbench/attachmentbar.h"

#include "agent/attachments.h"
#include "base/error.h"
#include "widgets/chip.h"
#include "widgets/controls.h"
#include "widgets/flowlayout.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QLocale>

namespace llmcache::ui {

namespace {

constexpr int longestName = 32;

QString chipText(const Attachment& attachment)
{
    QString name = attachment.name.isEmpty() ? attachment.url : attachment.name;
    if (name.isEmpty())
        name = attachment.mediaType;
    if (name.size() > longestName)
        name = name.left(longestName / 2 - 1) + QChar(0x2026) + name.right(longestName / 2);
    return attachment.data.isEmpty()
        ? name
        : QStringLiteral("%1 · %2").arg(name, QLocale().formattedDataSize(attachment.data.size()));
}

} // namespace

AttachmentBar::AttachmentBar(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_chips(new FlowLayout(6))
    , m_attach(flatButton(tr("Attach…"), this))
{
    m_attach->setObjectName(QStringLiteral("attach"));
    m_attach->setToolTip(tr("Add pictures or files to the prompt; dropping them here does the same"));
    connect(m_attach, &QPushButton::clicked, this, &AttachmentBar::choose);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addLayout(m_chips);
    hide();
}

void AttachmentBar::setAttachments(std::vector<Attachment> attachments)
{
    if (m_attachments == attachments)
        return;
    m_attachments = std::move(attachments);
    rebuild();
}

void AttachmentBar::add(const QStringList& pathsOrUrls)
{
    bool added = false;
    for (const QString& given : pathsOrUrls) {
        try {
            m_attachments.push_back(attachmentFrom(given));
            added = true;
        } catch (const ConfigurationError& error) {
            Q_EMIT problem(error.message(), error.remedy());
        }
    }
    if (!added)
        return;
    rebuild();
    Q_EMIT edited();
}

void AttachmentBar::choose()
{
    auto* dialog = new QFileDialog(this, tr("Attach files"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, &AttachmentBar::add);
    dialog->open();
}

void AttachmentBar::rebuild()
{
    m_chips->clear();
    setVisible(!m_attachments.empty());
    for (std::size_t index = 0; index < m_attachments.size(); ++index) {
        const Attachment& attachment = m_attachments[index];
        auto* chip = new Chip(m_theme, chipText(attachment));
        chip->setObjectName(QStringLiteral("attachment %1").arg(index + 1));
        chip->setToolTip(attachment.url.isEmpty() ? attachment.name : attachment.url);
        connect(
            chip, &Chip::removeRequested, this,
            [this, index] {
                m_attachments.erase(m_attachments.begin() + static_cast<std::ptrdiff_t>(index));
                rebuild();
                Q_EMIT edited();
            },
            Qt::QueuedConnection); // the chip must not go while it speaks
        m_chips->addWidget(chip);
    }
    updateGeometry();
}

} // namespace llmcache::ui
