using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Tests.Audit;

namespace Overnight.Tests.Dashboard;

/// <summary>SPEC B1, C1: entries of every writer version are answered as they are, and the OpenAPI document describes them all.</summary>
public sealed class DashboardFormTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task C1_EntryOfAWriterVersion_IsServedByteForByte(int version, bool isCached)
    {
        var app = fixture.App;
        var (user, token) = await app.Database.SignInAsync();
        var entry = TestResults.OfUser(StoredFormInput.Golden($"recommendations-{version}.json"), StoredFormInput.UserId, user);
        if (isCached)
            await app.Cache.StringSetAsync(CacheKeys.Recommendations(user), entry);
        else
            await app.Database.AddResultAsync(user, entry);

        using var response = await app.GetAsync("/api/dashboard", token, Ct);

        var answer = await response.Content.ReadAsByteArrayAsync(Ct);
        var data = JsonElement.Parse(answer).GetProperty("data");
        Assert.Equal(isCached, data.GetProperty("fromCache").GetBoolean());
        Assert.EndsWith(Encoding.UTF8.GetString(entry[1..]) + "}", Encoding.UTF8.GetString(answer), StringComparison.Ordinal);
        // A class and an asset have the text of the field as their names.
        Assert.Equal("2026-11-19T21:00:00.000Z", data.GetProperty("freshness").GetProperty("pricesAsOf").GetString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task C1_EntryOfAWriterVersion_IsAsTheOpenApiDocumentSays(int version)
    {
        using var response = await fixture.App.GetAsync("/openapi/v1.json", ct: Ct);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(Ct));
        var entry = JsonElement.Parse(StoredFormInput.Golden($"recommendations-{version}.json"));

        var schema = Resolve(document.RootElement, Component(document.RootElement, "DashboardData"));

        AssertDescribed(document.RootElement, entry, schema, "data", ["fromCache", "freshness"]);
    }

    /// <summary>Every field is described, and none that is required is missing.</summary>
    private static void AssertDescribed(JsonElement document, JsonElement value, JsonElement schema, string path, string[] envelope)
    {
        schema = Resolve(document, schema);
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
                AssertDescribed(document, item, schema.GetProperty("items"), $"{path}[]", []);
        }
        if (value.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
            return;
        foreach (var field in value.EnumerateObject())
        {
            Assert.True(properties.TryGetProperty(field.Name, out var described), $"{path}.{field.Name} is not described");
            AssertDescribed(document, field.Value, described, $"{path}.{field.Name}", []);
        }
        if (!schema.TryGetProperty("required", out var required))
            return;
        foreach (var name in required.EnumerateArray().Select(r => r.GetString()!).Except(envelope))
            Assert.True(value.TryGetProperty(name, out _), $"{path}.{name} is required and not there");
    }

    private static JsonElement Component(JsonElement document, string name) =>
        document.GetProperty("components").GetProperty("schemas").GetProperty(name);

    /// <summary>The schema behind a reference, and that of the value where null is allowed too.</summary>
    private static JsonElement Resolve(JsonElement document, JsonElement schema)
    {
        if (schema.TryGetProperty("oneOf", out var either))
            schema = either.EnumerateArray().Single(s => !s.TryGetProperty("type", out var type) || type.GetRawText() != "\"null\"");
        return schema.TryGetProperty("$ref", out var reference)
            ? Component(document, reference.GetString()!["#/components/schemas/".Length..])
            : schema;
    }
}
