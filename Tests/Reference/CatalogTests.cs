using Overnight.Core.Caching;
using Overnight.Core.Reference;
using Overnight.Core.Warming;

namespace Overnight.Tests.Reference;

/// <summary>What is declared of reference data, and the keys that come of it.</summary>
public sealed class CatalogTests
{
    private static readonly Guid Tenant = Guid.Parse("019a0000-0000-7000-8000-0000000000aa");

    /// <summary>SPEC G1.</summary>
    [Theory]
    [InlineData(
        WarmPhase.Essential,
        "finance:coa finance:current-period finance:periods finance:xrate manufacturing:work-centers sales:pipeline-stages"
    )]
    [InlineData(
        WarmPhase.Master,
        "procurement:vendors sales:customers sales:kits sales:materials sales:pricing-rules wms:facilities wms:locations"
    )]
    [InlineData(
        WarmPhase.Computed,
        "equipment:health finance:gl-balances finance:trial-balance sales:pipeline-summary wms:bin-utilisation wms:inventory-summary"
    )]
    [InlineData(null, "procurement:vendor sales:material")]
    public void Catalog_G1_Phase_HasItsEntities(WarmPhase? phase, string names) =>
        Assert.Equal(
            names,
            string.Join(
                ' ',
                ReferenceCatalog.All.Where(entity => entity.Phase == phase).Select(entity => entity.FullName).Order(StringComparer.Ordinal)
            )
        );

    /// <summary>SPEC G3.</summary>
    [Theory]
    [InlineData(ReferenceVolatility.Operational, 5)]
    [InlineData(ReferenceVolatility.Authorisation, 15)]
    [InlineData(ReferenceVolatility.Dashboard, 60)]
    [InlineData(ReferenceVolatility.Reference, 720)]
    [InlineData(ReferenceVolatility.Static, 1_440)]
    public void Kind_G3_Ttl_IsThatOfItsKind(ReferenceVolatility kind, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), kind.Ttl());

    /// <summary>SPEC G2.</summary>
    [Theory]
    [InlineData("finance", "coa", "finance:coa:T")]
    [InlineData("finance", "xrate", "finance:xrate:T:from:USD:to:EUR:date:latest", "USD", "EUR", "latest")]
    [InlineData("sales", "materials", "sales:materials:T:page:1:limit:100", "1", "100")]
    [InlineData(
        "wms",
        "locations",
        "wms:locations:T:facilityId:019a0000-0000-7000-8000-000000000001",
        "019a0000-0000-7000-8000-000000000001"
    )]
    [InlineData("sales", "material", "sales:material:T:sku:%2A%3A%20%C3%A9%F0%9F%98%80%25", "*: é😀%")]
    public void Key_G2_OfAQuestion_HasItsForm(string module, string name, string expected, params string[] values)
    {
        var entity = ReferenceCatalog.Find(module, name)!;
        Assert.Equal(
            expected.Replace(":T", $":{Tenant:D}", StringComparison.Ordinal),
            entity.Key(Tenant, [.. values.Select((value, at) => entity.Parts[at].Read(value, out _)!)])
        );
    }

    /// <summary>SPEC G2: whatever a text is, it stays one part of one key, and no two share a key.</summary>
    [Fact]
    public void Key_G2_OfHostileTexts_CanNotBeForged()
    {
        var entity = ReferenceCatalog.Find("sales", "material")!;
        string[] texts =
        [
            "a",
            "A",
            "a:b",
            "a%3Ab",
            "a%253Ab",
            "*",
            "?",
            "[a]",
            "a:sku:b",
            ":",
            " ",
            "a b",
            "a+b",
            "a\"b",
            "a\\b",
            "{a}",
            "../a",
            "é",
            "e\u0301",
            "ａ",
            "😀",
            "\u202Ea",
            "\u00A0",
            "%",
            "%00",
            new('日', 44),
            new('a', 64),
        ];
        var keys = texts
            .Select(text =>
                entity.Key(Tenant, [entity.Parts[0].Read(text, out _) ?? throw new InvalidOperationException($"'{text}' is refused")])
            )
            .ToArray();
        Assert.Equal(texts.Length, keys.Distinct(StringComparer.Ordinal).Count());
        Assert.All(keys, key =>
        {
            CacheEntry.CheckKey(key);
            Assert.Equal(5, key.Split(':').Length);
            Assert.StartsWith($"sales:material:{Tenant:D}:sku:", key, StringComparison.Ordinal);
            Assert.DoesNotContain(key, c => c is '*' or '?' or '[' or ' ');
        });
        foreach (var refused in (string[])["", new('a', 65), new('日', 45), "a\0b", "a\nb", "\u0085", "\uD800", "a\uDC00"])
            Assert.Null(entity.Parts[0].Read(refused, out _));
    }

    [Fact]
    public void Catalog_Modules_AreReservedInKeysOfOthers()
    {
        Assert.Empty(ReferenceCatalog.All.Select(entity => entity.Module).Except(KeyTemplate.Reserved));
        Assert.Equal(
            ReferenceCatalog.All.Count,
            ReferenceCatalog.All.Select(entity => entity.FullName).Distinct(StringComparer.Ordinal).Count()
        );
    }

    /// <summary>SPEC G5.</summary>
    [Fact]
    public void Events_G5_Table_NamesWhatEachTouches()
    {
        Assert.Equal(
            ["finance:coa", "finance:trial-balance", "finance:gl-balances"],
            ReferenceCatalog.Events["ACCOUNT_CREATED"].Select(entity => entity.FullName)
        );
        Assert.Equal(["finance:xrate"], ReferenceCatalog.Events["EXCHANGE_RATE_UPDATED"].Select(entity => entity.FullName));
        Assert.All(ReferenceCatalog.All, entity => Assert.NotEmpty(entity.Events));
    }

    /// <summary>SPEC G5.</summary>
    [Theory]
    [InlineData("wms:*", "wms:facilities wms:locations wms:bin-utilisation wms:inventory-summary")]
    [InlineData("*:*-balance*", "finance:trial-balance finance:gl-balances")]
    [InlineData("sales:kits", "sales:kits")]
    [InlineData("sales:kit", "")]
    [InlineData("*", "")]
    [InlineData("finance:coa:*", "")]
    [InlineData("finance:.*", "")]
    [InlineData("(a*)*:(a*)*", "")]
    public void Matching_Pattern_IsOfWholeNames(string pattern, string names) =>
        Assert.Equal(names, string.Join(' ', ReferenceCatalog.Matching(pattern).Select(entity => entity.FullName)));
}
