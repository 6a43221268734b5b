#pragma once

#include <QSet>
#include <QStringList>

#include <optional>
#include <vector>

namespace llmcache::app {

/// An option that a command takes.
struct OptionSpec {
    QString name; ///< without dashes
    QString value; ///< placeholder of its value; empty = a switch
    QString help;
    bool repeats = false;
};

/// The words of one command line, checked against what a command takes. Throws UsageError that names the
/// word.
class Arguments {
public:
    /// Accepts `--name value`, `--name=value`, `--` (what follows are operands) and operands; a single "-" is
    /// an operand.
    Arguments(const QStringList& words, const std::vector<OptionSpec>& options, int mostOperands);

    bool has(const QString& name) const { return !values(name).isEmpty(); }
    QString value(const QString& name, const QString& fallback = {}) const;
    QStringList values(const QString& name) const;
    /// The value, or UsageError when it is missing.
    QString required(const QString& name) const;
    /// A whole number within bounds, or UsageError.
    std::optional<qint64> integer(const QString& name, qint64 least, qint64 most) const;
    const QStringList& operands() const { return m_operands; }

private:
    std::vector<std::pair<QString, QString>> m_given;
    QStringList m_operands;
};

/// Options that every command takes.
std::vector<OptionSpec> globalOptions();

/// Splits the words into global options (wherever they stand), command words and the rest.
struct CommandLine {
    QStringList words; ///< command and its arguments, global options removed
    QString store;
    QString connection; ///< name of a profile
    QString workspace;
    QString configFolder;
    QStringList baseUrls; ///< PROVIDER=URL
    bool readOnly = false;
    bool verbose = false;
    bool help = false;
    bool version = false;
    /// `flags` are the options of commands that take no value: what follows another one is its value, and no
    /// global option. Throws UsageError.
    static CommandLine parse(const QStringList& arguments, const QSet<QString>& flags);
};

} // namespace llmcache::app
