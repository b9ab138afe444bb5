using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

namespace Overnight.Api.Account;

/// <summary>What users erase themselves with.</summary>
/// <param name="Password">The password of the account, 1 to 256 characters.</param>
public sealed record EraseRequest(string? Password)
{
    internal const string Field = "password";

    private const int MostBytes = 4096;

    private static readonly string TooLong = $"must be a text of 1 to {PasswordRules.Most} characters";

    internal static async Task<(EraseRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        var (request, errors) = await JsonBody.ReadAsync<EraseRequest>(
            body,
            MostBytes,
            Field,
            new((string?)null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count == 0 && request.Password is null)
            errors[Field] = ["is missing"];
        return (request, errors);
    }

    /// <param name="form">Of the page; an empty field is a missing one.</param>
    internal static (EraseRequest Request, Dictionary<string, string[]> Errors) Of(IFormCollection form)
    {
        EraseRequest request = new(form[Field].ToString() is { Length: > 0 } text ? text : null);
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        if (request.Password is null)
            errors[Field] = ["is missing"];
        else if (request.Password.Length > PasswordRules.Most)
            errors[Field] = [TooLong];
        return (request, errors);
    }

    // Messages do not repeat the value, which may be a password.
    private EraseRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        if (
            field is { Name: Field, Value.ValueKind: JsonValueKind.String }
            && field.Value.GetString() is { Length: > 0 and <= PasswordRules.Most } given
        )
            return new(given);
        errors[field.Name] = [field.Name == Field ? TooLong : "is not known; known is password"];
        return this;
    }

    /// <summary>Leaves out the password, which a record's own ToString would print.</summary>
    public override string ToString() => nameof(EraseRequest);
}
