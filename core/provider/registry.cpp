#include "provider/httpprovider.h"
#include "provider/prefixes_p.h"
#include "provider/protocols_p.h"
#include "provider/testprovider.h"

#include "base/error.h"

#include <QCryptographicHash>

#include <map>

namespace llmcache {

namespace {

// The first version of Azure's API with structured output.
const QString azureDefaultVersion = QStringLiteral("2024-10-21");

/// Without a trailing slash, so that two spellings of one place are one endpoint.
QString normalized(const QUrl& url)
{
    QString text = url.toString(QUrl::FullyEncoded | QUrl::NormalizePathSegments);
    while (text.endsWith(QLatin1Char('/')))
        text.chop(1);
    return text;
}

QUrl checkedBaseUrl(const QString& prefix, const QUrl& url)
{
    const QString where = QStringLiteral("The base URL for %1").arg(prefix);
    if (!url.userInfo().isEmpty())
        throw ConfigurationError(where + QStringLiteral(" holds a user name or password."),
            QStringLiteral("Put the key into the provider's environment variable or the keychain."));
    const bool http = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
    if (!url.isValid() || !http || url.host().isEmpty())
        throw ConfigurationError(where
                + QStringLiteral(" is no HTTP address: \"%1\".").arg(url.toDisplayString(QUrl::RemoveQuery)),
            QStringLiteral("Write it like https://host/v1."));
    return url;
}

} // namespace

struct ProviderRegistry::Private {
    ProviderConfig config;
    std::shared_ptr<HttpClient> client = std::make_shared<HttpClient>();
    std::map<QString, std::unique_ptr<Provider>> providers;

    QString secret(const QString& name) const
    {
        return config.secret ? config.secret(name) : qEnvironmentVariable(name.toLatin1().constData());
    }

    QString firstSecret(const QStringList& names, QString* which = nullptr) const
    {
        for (const QString& name : names) {
            if (const QString value = secret(name).trimmed(); !value.isEmpty()) {
                if (which)
                    *which = name;
                return value;
            }
        }
        return {};
    }

    /// The base URL in force; empty when there is none.
    QUrl baseUrl(const PrefixRow& row) const
    {
        QUrl configured = config.baseUrls.value(row.prefix.prefix);
        if (!configured.isEmpty())
            return configured;
        if (const QString fromEnvironment = firstSecret(row.baseUrlVariables); !fromEnvironment.isEmpty())
            return QUrl(fromEnvironment);
        return regional(row);
    }

    /// The default base URL, in the region that the environment names.
    QUrl regional(const PrefixRow& row) const
    {
        if (row.prefix.protocol == QLatin1String("gemini-vertex")) {
            const QString place = vertexLocation();
            if (place == QLatin1String("global"))
                return QUrl(QStringLiteral("https://aiplatform.googleapis.com"));
            return QUrl(QStringLiteral("https://%1-aiplatform.googleapis.com").arg(place));
        }
        if (row.prefix.protocol == QLatin1String("bedrock-converse")) {
            const QString region =
                firstSecret({QStringLiteral("AWS_REGION"), QStringLiteral("AWS_DEFAULT_REGION")});
            if (!region.isEmpty())
                return QUrl(QStringLiteral("https://bedrock-runtime.%1.amazonaws.com").arg(region));
        }
        return QUrl(row.prefix.defaultBaseUrl);
    }

    QString vertexLocation() const
    {
        const QString place = firstSecret({QStringLiteral("GOOGLE_CLOUD_LOCATION")});
        return place.isEmpty() ? QStringLiteral("us-central1") : place;
    }

    QString vertexPath(const PrefixRow& row, const QUrl& baseUrl) const
    {
        const QString project = firstSecret({QStringLiteral("GOOGLE_CLOUD_PROJECT")});
        // A gateway may know the project itself; this is the path that names none.
        if (project.isEmpty() && normalized(baseUrl) != normalized(regional(row)))
            return QStringLiteral("/v1beta1/publishers/google");
        if (project.isEmpty())
            throw ConfigurationError(QStringLiteral("There is no Google Cloud project for Vertex AI."),
                QStringLiteral("Set the environment variable GOOGLE_CLOUD_PROJECT."));
        return QStringLiteral("/v1beta1/projects/%1/locations/%2/publishers/google")
            .arg(project, vertexLocation());
    }

    /// Servers of one's own often want no key.
    bool needsKey(const PrefixRow& row, const QUrl& url) const
    {
        if (!row.prefix.keyRequired)
            return false;
        const QUrl usual = regional(row);
        return usual.isEmpty() || normalized(url) == normalized(usual);
    }

    Endpoint endpoint(const PrefixRow& row, const QUrl& override) const
    {
        Endpoint result;
        result.prefix = row.prefix.prefix;
        const QUrl url = override.isEmpty() ? baseUrl(row) : override;
        if (url.isEmpty())
            throw ConfigurationError(QStringLiteral("%1 has no base URL.").arg(row.prefix.prefix),
                QStringLiteral("Set %1.").arg(row.baseUrlVariables.join(QStringLiteral(" or "))));
        result.baseUrl = checkedBaseUrl(row.prefix.prefix, url);
        result.key = firstSecret(row.prefix.keyVariables, &result.keyVariable);
        if (result.keyVariable.isEmpty() && !row.prefix.keyVariables.isEmpty())
            result.keyVariable = row.prefix.keyVariables.front();
        if (result.key.isEmpty() && needsKey(row, url))
            throw ConfigurationError(QStringLiteral("There is no key for %1.").arg(row.prefix.displayName),
                QStringLiteral("Set the environment variable %1, or store the key in the settings.")
                    .arg(result.keyVariable));
        for (const QChar c : std::as_const(result.key)) {
            if (c.unicode() < 0x21 || c.unicode() > 0x7E)
                throw ConfigurationError(
                    QStringLiteral("The key in %1 holds a space or another character that no key has.")
                        .arg(result.keyVariable),
                    QStringLiteral("Copy it again."));
        }
        return result;
    }

    std::unique_ptr<WireProtocol> protocol(const PrefixRow& row) const
    {
        return makeProtocol(
            row, [this, &row](const QUrl& baseUrl) { return vertexPath(row, baseUrl); },
            [this] {
                const QString version = secret(QStringLiteral("OPENAI_API_VERSION")).trimmed();
                return version.isEmpty() ? azureDefaultVersion : version;
            });
    }
};

ProviderRegistry::ProviderRegistry(ProviderConfig config)
    : d(std::make_unique<Private>())
{
    d->config = std::move(config);
}

ProviderRegistry::~ProviderRegistry() = default;

Provider& ProviderRegistry::provider(const QString& prefix)
{
    if (const auto found = d->providers.find(prefix); found != d->providers.end())
        return *found->second;
    const PrefixRow* const row = findPrefix(prefix);
    if (!row) {
        QStringList known;
        for (const PrefixRow& candidate : prefixRows())
            known.append(candidate.prefix.prefix);
        throw ConfigurationError(QStringLiteral("There is no provider \"%1\".").arg(prefix),
            QStringLiteral("Use one of %1.").arg(known.join(QStringLiteral(", "))));
    }
    std::unique_ptr<Provider> made;
    if (row->prefix.protocol == QLatin1String("test")) {
        made = std::make_unique<TestProvider>();
    } else {
        const Private* const shared = d.get();
        made = std::make_unique<HttpProvider>(d->client, d->protocol(*row),
            [shared, row](const QUrl& override) { return shared->endpoint(*row, override); });
    }
    return *d->providers.emplace(prefix, std::move(made)).first->second;
}

void ProviderRegistry::setProvider(const QString& prefix, std::unique_ptr<Provider> provider)
{
    d->providers[prefix] = std::move(provider);
}

QString ProviderRegistry::endpointOverride(const QString& prefix) const
{
    const PrefixRow* const row = findPrefix(prefix);
    if (!row)
        return normalized(d->config.baseUrls.value(prefix));
    const QString inForce = normalized(d->baseUrl(*row));
    return inForce == normalized(QUrl(row->prefix.defaultBaseUrl)) ? QString() : inForce;
}

QCoro::Task<> ProviderRegistry::prepare(QString prefix) const
{
    const PrefixRow* const row = findPrefix(prefix);
    if (!row || !d->config.loadSecrets)
        co_return;
    const QStringList names = row->prefix.keyVariables;
    co_await d->config.loadSecrets(names);
}

QString ProviderRegistry::account(const QString& prefix) const
{
    const PrefixRow* const row = findPrefix(prefix);
    const QString key = row ? d->firstSecret(row->prefix.keyVariables) : QString();
    if (key.isEmpty())
        return {};
    constexpr qsizetype digits = 16;
    const QByteArray text = "llmcache account " + key.toUtf8();
    return QString::fromLatin1(
        QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex().left(digits));
}

bool ProviderRegistry::hasKey(const QString& prefix) const
{
    const PrefixRow* const row = findPrefix(prefix);
    if (!row)
        return d->providers.contains(prefix);
    return !d->needsKey(*row, d->baseUrl(*row)) || !d->firstSecret(row->prefix.keyVariables).isEmpty();
}

const std::vector<ProviderPrefix>& ProviderRegistry::prefixes()
{
    static const std::vector<ProviderPrefix> table = [] {
        std::vector<ProviderPrefix> result;
        for (const PrefixRow& row : prefixRows())
            result.push_back(row.prefix);
        return result;
    }();
    return table;
}

QString finishReasonName(FinishReason reason)
{
    switch (reason) {
    case FinishReason::Stop:
        return QStringLiteral("stop");
    case FinishReason::Length:
        return QStringLiteral("length");
    case FinishReason::ToolCall:
        return QStringLiteral("tool_call");
    case FinishReason::ContentFilter:
        return QStringLiteral("content_filter");
    case FinishReason::Refusal:
        return QStringLiteral("refusal");
    case FinishReason::Error:
        return QStringLiteral("error");
    case FinishReason::Other:
        break;
    }
    return QStringLiteral("other");
}

} // namespace llmcache
