#pragma once

#include <QPlainTextEdit>

namespace llmcache::ui {

/// The value of a variable: a line that grows with what is typed, up to a few lines, and then scrolls. Tab
/// goes on to the next field.
class VariableField : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit VariableField(const QString& text = {}, QWidget* parent = nullptr);
    QString text() const { return toPlainText(); }
    /// Not an edit.
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
};

} // namespace llmcache::ui
