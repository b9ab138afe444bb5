using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>What a user changes the own password with.</summary>
/// <param name="CurrentPassword">The password until now, 1 to 256 characters.</param>
/// <param name="NewPassword">12 to 256 characters, and not a common one.</param>
public sealed record PasswordChangeRequest(string? CurrentPassword, string? NewPassword)
{
    private const int MostBytes = 4096;

    internal static async Task<(PasswordChangeRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(
        Stream body,
        CancellationToken ct
    )
    {
        var (request, errors) = await JsonBody.ReadAsync<PasswordChangeRequest>(
            body,
            MostBytes,
            "currentPassword and newPassword",
            new(null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count == 0)
            request.Check(errors);
        return (request, errors);
    }

    /// <param name="form">Of the page; an empty field is a missing one.</param>
    internal static (PasswordChangeRequest Request, Dictionary<string, string[]> Errors) Of(IFormCollection form)
    {
        PasswordChangeRequest request = new(Field("currentPassword"), Field("newPassword"));
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        if (request.CurrentPassword?.Length > PasswordRules.Most)
            errors["currentPassword"] = [$"must be a text of 1 to {PasswordRules.Most} characters"];
        else
            request.Check(errors);
        return (request, errors);

        string? Field(string name) => form[name].ToString() is { Length: > 0 } text ? text : null;
    }

    private void Check(Dictionary<string, string[]> errors)
    {
        if (CurrentPassword is null)
            errors["currentPassword"] = ["is missing"];
        if (NewPassword is null)
            errors["newPassword"] = ["is missing"];
        else if (NewPassword == CurrentPassword)
            errors["newPassword"] = ["must be another than the current one"];
        else if (PasswordRules.Failure(NewPassword) is { } failure)
            errors["newPassword"] = [$"is refused. {failure}"];
    }

    // Messages do not repeat the values, which may be passwords.
    private PasswordChangeRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("currentPassword", JsonValueKind.String)
                when field.Value.GetString() is { Length: > 0 and <= PasswordRules.Most } current:
                return this with { CurrentPassword = current };
            case ("newPassword", JsonValueKind.String):
                return this with { NewPassword = field.Value.GetString() };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "currentPassword" => $"must be a text of 1 to {PasswordRules.Most} characters",
                "newPassword" => $"must be a text of {PasswordRules.Least} to {PasswordRules.Most} characters",
                _ => "is not known; known are currentPassword and newPassword",
            },
        ];
        return this;
    }

    /// <summary>Leaves out the passwords, which a record's own ToString would print.</summary>
    public override string ToString() => nameof(PasswordChangeRequest);
}
