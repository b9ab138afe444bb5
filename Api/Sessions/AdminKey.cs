using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Overnight.Api.Sessions;

/// <summary>A secret shared with programs that have no user, such as the buttons of the Aspire dashboard. Off unless configured.</summary>
internal sealed class AdminKeyOptions
{
    public const string Section = "Admin";
    public const int LeastLength = 32;

    /// <summary>What <see cref="AdminKeyHandler.Header"/> must say; nobody gets in by it while it is empty.</summary>
    public string Key { get; set; } = "";

    public bool IsOn => Key.Length > 0;
}

internal sealed class AdminKeyOptionsValidator : IValidateOptions<AdminKeyOptions>
{
    // The value is a secret, so only its length is told.
    public ValidateOptionsResult Validate(string? name, AdminKeyOptions options) => options.Key.Length is 0 or >= AdminKeyOptions.LeastLength
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"{AdminKeyOptions.Section}:{nameof(options.Key)} must have at least {AdminKeyOptions.LeastLength} characters, or none to switch it off, and has {options.Key.Length}.");
}

/// <summary>Lets whoever sends the admin key do what the policy <see cref="SessionSetup.Admin"/> guards, and nothing else: there is no user behind it.</summary>
internal sealed class AdminKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory logger, UrlEncoder encoder, IOptions<AdminKeyOptions> options)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, logger, encoder)
{
    /// <summary>No form and no link of another site can set it.</summary>
    public const string Header = "X-Overnight-Admin-Key";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!options.Value.IsOn || Request.Headers[Header] is not [{ } given] || !IsSame(given, options.Value.Key)) return Task.FromResult(AuthenticateResult.NoResult());
        ClaimsIdentity identity = new([new(ClaimTypes.Role, SessionSetup.AdminRole)], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.CacheControl = "no-store";
        return TypedResults.Problem($"{Header} is sent once, with the value of Admin:Key.", statusCode: StatusCodes.Status401Unauthorized, title: "The admin key is wrong").ExecuteAsync(Context);
    }

    // Hashes are of one length, so that neither it nor a common beginning shows in the time taken.
    private static bool IsSame(string given, string key) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
