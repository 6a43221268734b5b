#pragma once

#include "agent/message.h"

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
    void setAttachments(std::vector<Attachment> attachments);
    /// Adds files or web addresses; tells what can't be added by problem().
    void add(const QStringList& pathsOrUrls);

Q_SIGNALS:
    void edited();
    void problem(const QString& message, const QString& remedy);

private:
    void choose();
    void rebuild();
    const Theme* m_theme;
    std::vector<Attachment> m_attachments;
    FlowLayout* m_chips;
    Button* m_attach;
};

} // namespace llmcache::ui
