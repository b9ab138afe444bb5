using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

namespace Overnight.Api.Account;

/// <summary>What users erase themselves with.</summary>
/// <param name="Password">The password of the account, 1 to 256 characters.</param>
public sealed record EraseRequest(string? Password)
{
    private const int MostBytes = 4096;

    internal static async Task<(EraseRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        var (request, errors) = await JsonBody.ReadAsync<EraseRequest>(
            body,
            MostBytes,
            "password",
            new((string?)null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count == 0 && request.Password is null)
            errors["password"] = ["is missing"];
        return (request, errors);
    }

    // Messages do not repeat the value, which may be a password.
    private EraseRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        if (
            field is { Name: "password", Value.ValueKind: JsonValueKind.String }
            && field.Value.GetString() is { Length: > 0 and <= PasswordRules.Most } given
        )
            return new(given);
        errors[field.Name] =
        [
            field.Name == "password" ? $"must be a text of 1 to {PasswordRules.Most} characters" : "is not known; known is password",
        ];
        return this;
    }

    /// <summary>Leaves out the password, which a record's own ToString would print.</summary>
    public override string ToString() => nameof(EraseRequest);
}
