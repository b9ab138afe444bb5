using System.Security.Cryptography;
using Microsoft.AspNetCore.Antiforgery;
using Overnight.Api.Sessions;
using Overnight.Core.Data;

namespace Overnight.Api.Pages.Forms;

/// <summary>The hidden field of a form, which only a page of ours can know.</summary>
public sealed record FormToken(string Field, string Value);

/// <summary>Makes the tokens of forms. Their keys are in PostgreSQL and in this node's memory.</summary>
internal sealed partial class AntiforgeryTokenIssuer(
    IAntiforgery antiforgery,
    DatabaseState database,
    ILogger<AntiforgeryTokenIssuer> logger
)
{
    private int _isFailing;

    /// <summary>The cookie half of the token. It can't have the prefix __Host-, which needs https at a desk too.</summary>
    public const string CookieName = "overnight-form";

    /// <returns>Null while the keys can't be read: the page is then shown without forms.</returns>
    public FormToken? TryCreate(HttpContext context)
    {
        try
        {
            var tokens = antiforgery.GetAndStoreTokens(context);
            Volatile.Write(ref _isFailing, 0);
            return new(tokens.FormFieldName, tokens.RequestToken!);
        }
        catch (Exception exception)
        {
            // A page without its forms is better than none: sessions and results are still in the cache. What reads the keys wraps its
            // failures in exceptions of several kinds.
            if (!Causes(exception).Any(database.IsAway) && Interlocked.Exchange(ref _isFailing, 1) == 0)
                Log.NoToken(logger, exception.GetBaseException().Message);
            return null;
        }
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    private static partial class Log
    {
        [LoggerMessage(356, LogLevel.Warning, "The keys of forms can't be read, so pages are shown without forms until they can. {Reason}")]
        public static partial void NoToken(ILogger logger, string reason);
    }
}

/// <summary>Binds the token of a form to the session it was made for, so that it is worth nothing to another one.</summary>
internal sealed class SessionAntiforgeryData : IAntiforgeryAdditionalDataProvider
{
    public string GetAdditionalData(HttpContext context) => (context.User as SessionPrincipal)?.Hash ?? "";

    public bool ValidateAdditionalData(HttpContext context, string additionalData) =>
        CryptographicOperations.FixedTimeEquals(
            System.Text.Encoding.UTF8.GetBytes(additionalData),
            System.Text.Encoding.UTF8.GetBytes(GetAdditionalData(context))
        );
}
