#pragma once

#include <QPlainTextEdit>

#include <optional>

namespace llmcache::ui {

/// The value of a variable: a line that grows with what is typed, up to a few lines, and then scrolls. Tab
/// goes on to the next field.
class VariableField : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit VariableField(const QString& text = {}, QWidget* parent = nullptr);
    QString text() const;
    /// Not an edit. text() is the same to the letter until somebody edits it.
    void setText(const QString& text);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void edited();

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    int heightOf(int lines) const;
    void fitHeight();
    std::optional<QString> m_given; ///< until it is edited
};

} // namespace llmcache::ui
