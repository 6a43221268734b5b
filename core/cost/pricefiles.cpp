#include "cost/pricefiles.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/json.h"
#include "base/privatefolder.h"
#include "cost/jsonlines.h"

#include <QDir>
#include <QFile>
#include <QLockFile>
#include <QSaveFile>

#include <algorithm>
#include <array>

namespace llmcache {

namespace {

constexpr qint64 largestFile = 64 * 1024 * 1024;

struct Field {
    const char* name;
    QString ModelCosts::*value;
};
constexpr std::array fields{
    Field{"input", &ModelCosts::costPerMillionInputTokens},
    Field{"output", &ModelCosts::costPerMillionOutputTokens},
    Field{"cache_write", &ModelCosts::costPerMillionCachingInputTokens},
    Field{"cache_read", &ModelCosts::costPerMillionCachingHitTokens},
};

[[noreturn]] void failOn(const QString& path, const QString& problem)
{
    throw ConfigurationError(QStringLiteral("The price file %1 %2.").arg(path, problem),
        QStringLiteral("Correct the file, or move it away."));
}

/// The bytes of a file; nothing when there is none.
std::optional<QByteArray> readFile(const QString& path)
{
    QFile file(path);
    if (!file.exists())
        return std::nullopt;
    if (!file.open(QIODevice::ReadOnly))
        failOn(path, QStringLiteral("can't be read: %1").arg(file.errorString()));
    if (file.size() > largestFile)
        failOn(path, QStringLiteral("has more than 64 MiB"));
    return file.readAll();
}

ModelCosts costsFromJson(const QString& path, const QString& model, const Json& json)
{
    if (!json.is_object())
        failOn(path, QStringLiteral("has no object of prices for \"%1\"").arg(model));
    ModelCosts costs;
    for (const auto& member : json.items()) {
        const auto* const field = std::find_if(fields.begin(), fields.end(),
            [&member](const Field& known) { return member.key() == known.name; });
        if (field == fields.end())
            failOn(path,
                QStringLiteral("has an unknown field \"%1\" for \"%2\"; known are input, output, cache_write "
                               "and cache_read")
                    .arg(toQString(member.key()), model));
        if (!member.value().is_string())
            failOn(path,
                QStringLiteral("has a price \"%1\" of \"%2\" that is no decimal text, such as \"2.50\"")
                    .arg(QLatin1String(field->name), model));
        costs.*(field->value) = toQString(member.value().get_ref<const std::string&>());
    }
    return costs;
}

QByteArray fileText(const CustomCosts& all)
{
    Json json = Json::object();
    for (auto one = all.cbegin(); one != all.cend(); ++one) {
        Json& costs = json[toUtf8(one.key())] = Json::object();
        for (const Field& field : fields) {
            if (const QString& value = (*one).*(field.value); !value.isEmpty())
                costs[field.name] = toUtf8(value);
        }
    }
    return QByteArray::fromStdString(json.dump(2)) + '\n';
}

/// Whoever changes the files holds this meanwhile.
class ChangeLock {
public:
    explicit ChangeLock(const QString& folder)
        : m_lock(folder + QStringLiteral("/prices.lock"))
    {
        if (!createPrivateFolder(folder))
            throw ConfigurationError(QStringLiteral("The folder %1 can't be made.").arg(folder),
                QStringLiteral("Give one that can be written with --config."));
        m_lock.setStaleLockTime(tornLockMs);
        constexpr int patienceMs = 5000;
        if (!m_lock.tryLock(patienceMs))
            throw ConfigurationError(QStringLiteral("The prices in %1 can't be changed: %2.")
                                         .arg(folder,
                                             m_lock.error() == QLockFile::LockFailedError
                                                 ? QStringLiteral("another process is changing them")
                                                 : QStringLiteral("the folder can't be written")),
                QStringLiteral("Try again, or give another folder with --config."));
    }

private:
    QLockFile m_lock;
};

} // namespace

PriceFiles::PriceFiles(QString folder)
    : m_folder(std::move(folder))
{
}

QString PriceFiles::tablePath() const
{
    return QDir(m_folder).filePath(QStringLiteral("prices.json"));
}

QString PriceFiles::customPath() const
{
    return QDir(m_folder).filePath(QStringLiteral("custom-prices.json"));
}

PriceTable PriceFiles::load() const
{
    const auto text = readFile(tablePath());
    PriceTable table = text ? PriceTable::fromJson(*text, QStringLiteral("The price file ") + tablePath())
                            : PriceTable::builtIn();
    table.setCustomCosts(customCosts());
    return table;
}

bool PriceFiles::hasTable() const
{
    return QFile::exists(tablePath());
}

CustomCosts PriceFiles::customCosts() const
{
    const QString path = customPath();
    const auto text = readFile(path);
    if (!text)
        return {};
    const Json json = parseJson(*text, QStringLiteral("The price file ") + path);
    if (!json.is_object())
        failOn(path, QStringLiteral("is no JSON object of models"));
    if (const auto twice = price::duplicateKey(*text))
        failOn(path, QStringLiteral("names \"%1\" twice (line %2)").arg(twice->key).arg(twice->line));
    CustomCosts costs;
    for (const auto& member : json.items()) {
        const QString model = toQString(member.key());
        costs.insert(model, costsFromJson(path, model, member.value()));
    }
    try {
        PriceTable().setCustomCosts(costs);
    } catch (const ConfigurationError& error) {
        failOn(path, QStringLiteral("is wrong: %1").arg(error.message().chopped(1)));
    }
    return costs;
}

void PriceFiles::setCosts(const QString& model, const ModelCosts& costs)
{
    PriceTable().setCustomCosts({{model, costs}});
    const ChangeLock lock(m_folder);
    PriceTable table;
    table.setCustomCosts(customCosts());
    table.addCustomCosts({{model, costs}});
    write(customPath(), fileText(table.customCosts()));
}

bool PriceFiles::removeCosts(const QString& model)
{
    const ChangeLock lock(m_folder);
    CustomCosts costs = customCosts();
    const auto removed = costs.removeIf(
        [&model](const auto& one) { return one.key().compare(model, Qt::CaseInsensitive) == 0; });
    if (removed > 0)
        write(customPath(), fileText(costs));
    return removed > 0;
}

void PriceFiles::useTable(const QByteArray& table)
{
    PriceTable::fromJson(table, QStringLiteral("The new price table"));
    const ChangeLock lock(m_folder);
    write(tablePath(), table);
}

bool PriceFiles::useBuiltInTable()
{
    if (!hasTable())
        return false;
    const ChangeLock lock(m_folder);
    QFile file(tablePath());
    if (!file.remove() && file.exists())
        failOn(tablePath(), QStringLiteral("can't be removed: %1").arg(file.errorString()));
    return true;
}

void PriceFiles::write(const QString& path, const QByteArray& text) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
        throw ConfigurationError(
            QStringLiteral("The price file %1 can't be written: %2.").arg(path, file.errorString()),
            QStringLiteral("See to the disk or the rights of the folder; the prices are unchanged."));
}

} // namespace llmcache
