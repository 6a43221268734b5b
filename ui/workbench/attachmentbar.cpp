#include "workbench/attachmentbar.h"

#include "agent/attachments.h"
#include "base/worker.h"
#include "widgets/chip.h"
#include "widgets/controls.h"
#include "widgets/flowlayout.h"

#include <qcorofuture.h>

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLocale>

namespace llmcache::ui {

namespace {

constexpr int longestName = 32;

QString shortName(const QString& name)
{
    return name.size() <= longestName
        ? name
        : name.left(longestName / 2 - 1) + QChar(0x2026) + name.right(longestName / 2);
}

QString chipText(const Attachment& attachment)
{
    const QString name = shortName(attachmentName(attachment));
    return attachment.data.isEmpty()
        ? name
        : QStringLiteral("%1 · %2").arg(name, QLocale().formattedDataSize(attachment.data.size()));
}

QCoro::Task<Attachment> readAttachment(QString pathOrUrl)
{
    const auto work = [pathOrUrl] { return attachmentFrom(pathOrUrl); };
    const QFuture<Attachment> reading = runOn(*QThreadPool::globalInstance(), work);
    Attachment attachment = co_await reading;
    co_return attachment;
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
    const bool wasReading = isReading();
    m_tasks.drop();
    m_awaited.clear();
    if (m_attachments == attachments && !wasReading)
        return;
    m_attachments = std::move(attachments);
    rebuild();
}

void AttachmentBar::add(const QStringList& pathsOrUrls)
{
    const bool wasReading = isReading();
    m_awaited += pathsOrUrls;
    if (isReading() && !wasReading)
        readNext();
}

/// One after another, so that they come in order and no more than one is read in vain.
void AttachmentBar::readNext()
{
    rebuild();
    Q_EMIT edited();
    if (!isReading())
        return;
    m_tasks.run([given = m_awaited.front()](std::stop_token) { return readAttachment(given); },
        [this](const Attachment& attachment) {
            m_attachments.push_back(attachment);
            m_awaited.removeFirst();
            readNext();
        },
        [this](const Failure& failure) {
            Q_EMIT problem(failure.message, failure.remedy);
            m_awaited.removeFirst();
            readNext();
        });
}

void AttachmentBar::stopReading()
{
    m_tasks.drop();
    m_awaited.clear();
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

void AttachmentBar::addChip(
    const QString& text, const QString& name, const QString& toolTip, const std::function<void()>& remove)
{
    auto* const chip = new Chip(m_theme, text);
    chip->setObjectName(name);
    chip->setToolTip(toolTip);
    // Later: the chip must not go while it speaks.
    connect(chip, &Chip::removeRequested, this, remove, Qt::QueuedConnection);
    m_chips->addWidget(chip);
}

void AttachmentBar::rebuild()
{
    m_chips->clear();
    setVisible(!m_attachments.empty() || isReading());
    for (std::size_t index = 0; index < m_attachments.size(); ++index) {
        const Attachment& attachment = m_attachments[index];
        addChip(chipText(attachment), QStringLiteral("attachment %1").arg(index + 1),
            attachment.url.isEmpty() ? attachment.name : attachment.url, [this, index] {
                m_attachments.erase(m_attachments.begin() + static_cast<std::ptrdiff_t>(index));
                rebuild();
                Q_EMIT edited();
            });
    }
    if (isReading())
        addChip(m_awaited.size() == 1
                ? tr("reading %1").arg(shortName(QFileInfo(m_awaited.front()).fileName()))
                : tr("reading %1 files").arg(m_awaited.size()),
            QStringLiteral("attachments awaited"), m_awaited.join(QLatin1Char('\n')),
            [this] { stopReading(); });
    updateGeometry();
}

} // namespace llmcache::ui
