using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>A change of reference data, reported by the program that committed it.</summary>
/// <param name="Event">Such as <c>ACCOUNT_CREATED</c>; see <see cref="ReferenceCatalog.Events"/>.</param>
/// <param name="TenantId">Tenant whose data changed; every tenant when left out, as for exchange rates.</param>
public sealed record ReferenceChangeRequest(string? Event, Guid? TenantId)
{
    private const int MostBytes = 4 * 1024;

    internal static async Task<(ReferenceChangeRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(
        Stream body,
        CancellationToken ct
    )
    {
        var (request, errors) = await JsonBody.ReadAsync<ReferenceChangeRequest>(
            body,
            MostBytes,
            "event and tenantId",
            new(null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count == 0 && request.Event is null)
            errors["event"] = [$"must be given, as one of {Known}"];
        return (request, errors);
    }

    private static string Known => string.Join(", ", ReferenceCatalog.Events.Keys.Order(StringComparer.Ordinal));

    private ReferenceChangeRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("tenantId", JsonValueKind.Null):
                return this;
            case ("event", JsonValueKind.String) when ReferenceCatalog.Events.ContainsKey(field.Value.GetString()!):
                return this with { Event = field.Value.GetString() };
            case ("tenantId", JsonValueKind.String) when Guid.TryParseExact(field.Value.GetString(), "D", out var id):
                return this with { TenantId = id };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "event" => $"must be one of {Known}, not {DisplayText.Short(field.Value.GetRawText())}",
                "tenantId" => TenantIds.Wrong(field.Value),
                _ => "is not known; known are event and tenantId",
            },
        ];
        return this;
    }
}
