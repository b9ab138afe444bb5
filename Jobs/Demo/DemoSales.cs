namespace Overnight.Jobs.Demo;

/// <summary>Demo vendors, customers and materials, as many as are warmed, with kits of materials and customer prices.</summary>
internal static class DemoSales
{
    public const int Materials = 1_000;

    private const int Vendors = 500,
        Customers = 500,
        Kits = 25,
        PricingRules = 60,
        Opportunities = 40;

    private static readonly (string Code, string Name, decimal Probability, string? Outcome)[] Stages =
    [
        ("lead", "Lead", 5, null),
        ("qualified", "Qualified", 20, null),
        ("proposal", "Proposal", 45, null),
        ("negotiation", "Negotiation", 70, null),
        ("won", "Won", 100, "won"),
        ("lost", "Lost", 0, "lost"),
    ];

    private static readonly string[] Countries = ["US", "DE", "GB", "JP", "CH", "CA", "FR", "IT", "BR", "SE"];
    private static readonly string[] Categories = ["Fasteners", "Electronics", "Sheet metal", "Hydraulics", "Packaging", "Chemicals"];
    private static readonly string[] Units = ["pc", "pc", "pc", "kg", "m", "l"];

    public static DemoRows[] Tables { get; } =
    [
        new("erp.pipeline_stages (tenant_id, code, name, position, probability, outcome)", t =>
            Stages.Select((s, at) => (object?[])[t.Id, s.Code, s.Name, (short)(at + 1), s.Probability, s.Outcome])
        ),
        new("erp.vendors (tenant_id, number, name, country, currency, payment_days, active)", t =>
            Partners(t, DemoTable.Vendors, "Vendor", Vendors)
        ),
        new("erp.customers (tenant_id, number, name, country, currency, payment_days, active, credit_limit)", CustomerRows),
        new("erp.materials (tenant_id, sku, name, category, unit, price, active)", MaterialRows),
        new("erp.kits (tenant_id, code, name)", t => Enumerable.Range(1, Kits).Select(n => (object?[])[t.Id, $"KIT-{n:D3}", $"Kit {n}"])),
        new("erp.kit_components (tenant_id, kit_code, sku, quantity)", Components),
        new(
            "erp.pricing_rules (tenant_id, code, sku, customer_number, min_quantity, discount_percent, priority, valid_from, valid_until)",
            Rules
        ),
        new("erp.opportunities (tenant_id, number, customer_number, stage_code, amount)", OpportunityRows),
    ];

    /// <summary>One SKU in 100 has characters that must be escaped in cache keys.</summary>
    public static string Sku(int number) => number % 100 == 0 ? $"Ø10:{number}/a*b" : $"M-{number:D5}";

    private static IEnumerable<object?[]> Partners(DemoTenant tenant, DemoTable table, string title, int count)
    {
        var random = tenant.Random(table);
        for (var number = 1; number <= count; number++)
        {
            // One in 50 is no longer traded with.
            yield return
            [
                tenant.Id,
                number,
                $"{title} {number:D4}",
                random.Pick(Countries),
                random.Pick(DemoLedger.CurrencyCodes),
                (short)(random.Between(1, 6) * 15),
                !random.Chance(2),
            ];
        }
    }

    private static IEnumerable<object?[]> CustomerRows(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.CreditLimits);
        foreach (var partner in Partners(tenant, DemoTable.Customers, "Customer", Customers))
            yield return [.. partner, random.Between(1m, 100m, 0) * 1_000];
    }

    private static IEnumerable<object?[]> MaterialRows(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Materials);
        for (var number = 1; number <= Materials; number++)
        {
            var category = random.Below(Categories.Length);
            yield return
            [
                tenant.Id,
                Sku(number),
                $"Material {number:D5}",
                Categories[category],
                Units[category],
                random.Between(0.05m, 900m, 2),
                !random.Chance(2),
            ];
        }
    }

    private static IEnumerable<object?[]> Components(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Kits);
        for (var kit = 1; kit <= Kits; kit++)
        {
            // Spaced out, so that no kit has a component twice.
            var (first, count) = (random.Between(1, Materials / 10), random.Between(3, 6));
            for (var i = 0; i < count; i++)
                yield return [tenant.Id, $"KIT-{kit:D3}", Sku(first + i * Materials / 10), random.Between(1, 12) * 1m];
        }
    }

    private static IEnumerable<object?[]> OpportunityRows(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Opportunities);
        for (var number = 1; number <= Opportunities; number++)
            yield return [tenant.Id, number, random.Between(1, Customers), random.Pick(Stages).Code, random.Between(1m, 200m, 0) * 1_000];
    }

    private static IEnumerable<object?[]> Rules(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.PricingRules);
        for (var number = 1; number <= PricingRules; number++)
        {
            // Most are in force, some over, some to come.
            var from = tenant.Today.AddDays(random.Between(-400, 20));
            DateOnly? until = random.Chance(40) ? null : from.AddDays(random.Between(30, 500));
            yield return
            [
                tenant.Id,
                $"P-{number:D3}",
                random.Chance(60) ? Sku(random.Between(1, Materials)) : null,
                random.Chance(40) ? random.Between(1, Customers) : null,
                random.Between(0, 10) * 10m,
                random.Between(1m, 30m, 1),
                (short)random.Between(1, 9),
                from,
                until,
            ];
        }
    }
}
