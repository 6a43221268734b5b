#pragma once

#include <QByteArray>
#include <QSize>
#include <QString>

#include <functional>

class QPainter;

namespace llmcache::ui {

using Paint = std::function<void(QPainter*)>;

/// What `paint` draws in `size` logical pixels, as a file: PNG at twice the resolution, or SVG.
QByteArray pngOf(const QSize& size, const Paint& paint);
QByteArray svgOf(const QSize& size, const QString& title, const Paint& paint);

} // namespace llmcache::ui
