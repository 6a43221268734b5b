#pragma once

#include <QAbstractScrollArea>
#include <QByteArray>

namespace llmcache::ui {

class Theme;

/// Bytes as an offset, hexadecimal numbers and characters, sixteen a line. Paints what is in sight only, so
/// that the size does not matter. Arrow and page keys scroll, Ctrl+C copies the lines in sight.
class HexView : public QAbstractScrollArea {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit HexView(const Theme* theme, QWidget* parent = nullptr);
    void setBytes(const QByteArray& bytes);
    const QByteArray& bytes() const { return m_bytes; }
    /// The line as it is shown: "00000010  7b 22 6e …  {"n…".
    QString lineText(qsizetype line) const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    qsizetype lines() const { return (m_bytes.size() + bytesInLine - 1) / bytesInLine; }
    int lineHeight() const;
    int visibleLines() const;
    void fitScrollBars();

    static constexpr qsizetype bytesInLine = 16;
    const Theme* m_theme;
    QByteArray m_bytes;
};

} // namespace llmcache::ui
