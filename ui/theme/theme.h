#pragma once

#include "theme/icons.h"
#include "theme/tokens.h"
#include "theme/type.h"

#include <QObject>
#include <QPalette>

class QApplication;

namespace llmcache::ui {

enum class ColorScheme { System, Light, Dark };
/// "system", "light", "dark", as settings keep it.
QString colorSchemeName(ColorScheme scheme);
ColorScheme colorSchemeFromName(const QString& name);

/// Height of rows and controls.
enum class Density { Comfortable, Compact };
QString densityName(Density density);
Density densityFromName(const QString& name);

/// Colours, type and stylesheet of the program. The composition root owns one, applies it, and passes it to
/// what paints; it outlives the windows. GUI thread only.
class Theme : public QObject {
    Q_OBJECT
public:
    /// Looks at the application's palette to learn the system's scheme, so make it before anybody sets one.
    explicit Theme(QObject* parent = nullptr);
    ~Theme() override;

    /// Puts style, palette, font and stylesheet on the application, now and whenever something changes, and
    /// follows the desktop's scheme from then on.
    void apply(QApplication& application);

    ColorScheme scheme() const { return m_scheme; }
    void setScheme(ColorScheme scheme);
    Density density() const { return m_density; }
    void setDensity(Density density);
    /// What the desktop asks for; matters while scheme() is System.
    void setSystemDark(bool dark);
    bool isDark() const;

    QColor color(Token token) const { return tokenColor(token, isDark()); }
    /// Colour of the series at `index`; "other" grey from the eighth on.
    QColor chartColor(int index) const;
    QPalette palette() const;
    /// The stylesheet with this scheme's colours in place of its `@names`.
    QString styleSheet() const;
    QIcon icon(IconName name, Token color = Token::SecondaryText) const
    {
        return themedIcon(this, name, color);
    }
    /// Of table rows: 28 px, 24 when compact.
    int rowHeight() const { return m_density == Density::Compact ? 24 : 28; }
    /// Of buttons and fields: 28 px, 24 when compact.
    int controlHeight() const { return rowHeight(); }

Q_SIGNALS:
    /// Colours or sizes are different now. Palette and stylesheet are already in force.
    void changed();

private:
    void followSystem();
    void refresh();
    ColorScheme m_scheme = ColorScheme::System;
    Density m_density = Density::Comfortable;
    bool m_systemDark = false;
    QApplication* m_application = nullptr;
};

} // namespace llmcache::ui
