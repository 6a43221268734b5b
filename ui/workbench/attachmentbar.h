#pragma once

#include "agent/message.h"
#include "widgets/tasks.h"

#include <QWidget>

namespace llmcache::ui {

class Button;
class FlowLayout;
class Theme;

/// The files and pictures that go with a prompt: a chip for each, which takes it away again, and a button
/// that adds some, for whoever lays it out. Hidden while there are none.
class AttachmentBar : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the bar.
    explicit AttachmentBar(const Theme* theme, QWidget* parent = nullptr);
    Button* button() const { return m_attach; }
    std::vector<Attachment> attachments() const { return m_attachments; }
    /// Instead of what is there, and of what is being read.
    void setAttachments(std::vector<Attachment> attachments);
    /// Adds files or web addresses, behind those that are being read; tells what can't be added by problem().
    /// Files are read by a worker, with a chip that stops it.
    void add(const QStringList& pathsOrUrls);
    /// Some of what was added is not there yet.
    bool isReading() const { return !m_awaited.isEmpty(); }
    const TaskScope& tasks() const { return m_tasks; }

Q_SIGNALS:
    void edited();
    void problem(const QString& message, const QString& remedy);

private:
    void choose();
    void readNext();
    void stopReading();
    void addChip(const QString& text, const QString& name, const QString& toolTip,
        const std::function<void()>& remove);
    void rebuild();
    const Theme* m_theme;
    std::vector<Attachment> m_attachments;
    FlowLayout* m_chips;
    Button* m_attach;
    QStringList m_awaited; ///< what is being read, and what comes after it
    TaskScope m_tasks;
};

} // namespace llmcache::ui
