#pragma once

#include <QLabel>

namespace llmcache::ui {

/// A one-line plain-text label that elides what does not fit and shows the whole text in its tooltip then.
/// Elide at the end for prose, in the middle for identifiers.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    explicit ElidedLabel(QWidget* parent = nullptr, Qt::TextElideMode mode = Qt::ElideRight);
    explicit ElidedLabel(
        const QString& text, QWidget* parent = nullptr, Qt::TextElideMode mode = Qt::ElideRight);
    void setElideMode(Qt::TextElideMode mode);
    /// Shown in the tooltip below the full text, elided or not (an exact value, for instance).
    void setExtraToolTip(const QString& text);
    bool isElided() const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRect textRect() const;
    Qt::TextElideMode m_mode;
    QString m_extraToolTip;
};

} // namespace llmcache::ui
