using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>What a client signs in with.</summary>
/// <param name="Email">E-mail address of the account, in any case of letters.</param>
/// <param name="Password">1 to 256 characters.</param>
/// <param name="Cookie">True for pages: the token is set as a cookie that scripts can't read, and is not in the body. False when
/// left out.</param>
public sealed record SignInRequest(string? Email, string? Password, bool? Cookie)
{
    private const int MostBytes = 4096;

    internal static async Task<(SignInRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        var (request, errors) = await JsonBody.ReadAsync<SignInRequest>(
            body,
            MostBytes,
            "email, password and cookie",
            new(null, null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count > 0)
            return (request, errors);
        if (request.Email is null)
            errors["email"] = ["is missing: the e-mail address of the account"];
        if (request.Password is null)
            errors["password"] = ["is missing"];
        return (request, errors);
    }

    private SignInRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("email", JsonValueKind.String) when EmailAddress.TryNormalise(field.Value.GetString(), out var email):
                return this with { Email = email };
            case ("password", JsonValueKind.String) when field.Value.GetString() is { Length: > 0 and <= PasswordRules.Most } password:
                return this with { Password = password };
            case ("cookie", JsonValueKind.True or JsonValueKind.False):
                return this with { Cookie = field.Value.GetBoolean() };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "email" =>
                    $"must be an e-mail address of at most {EmailAddress.Most} characters, not {DisplayText.Short(field.Value.GetRawText())}",
                // The value may be a password, so the message does not repeat it.
                "password" => $"must be a text of 1 to {PasswordRules.Most} characters",
                "cookie" => $"must be true or false, not {DisplayText.Short(field.Value.GetRawText())}",
                _ => "is not known; known are email, password and cookie",
            },
        ];
        return this;
    }

    /// <summary>Leaves out the password and the e-mail address, which a record's own ToString would print.</summary>
    public override string ToString() => $"{nameof(SignInRequest)} {{ {nameof(Cookie)} = {Cookie} }}";
}
