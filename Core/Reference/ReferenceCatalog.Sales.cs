using Overnight.Core.Warming;
using static Overnight.Core.Reference.ReferenceSql;

namespace Overnight.Core.Reference;

/// <summary>Entities of purchasing and sales.</summary>
public static partial class ReferenceCatalog
{
    private static ReferenceEntity[] Sales =>
        [
            new(
                "sales",
                "pipeline-stages",
                ReferenceVolatility.Static,
                Items(
                    $"""
                    select s.code, s.name, s.position, {Decimal(
                        "s.probability"
                    )} as probability, s.outcome from erp.pipeline_stages s where s.tenant_id = k.tenant_id order by s.position
                    """
                )
            )
            {
                Phase = WarmPhase.Essential,
                Events = ["PIPELINE_STAGE_CREATED", "PIPELINE_STAGE_UPDATED", "PIPELINE_STAGE_DELETED"],
            },
            Paged("procurement", "vendors", 500, Vendor, "erp.vendors", "x.number", VendorEvents),
            new(
                "procurement",
                "vendor",
                ReferenceVolatility.Reference,
                One(
                    $"""
                    select {Vendor}, x.active from erp.vendors x where x.tenant_id = k.tenant_id and x.number = k.number::int
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Number("number", 1, int.MaxValue, null)],
                Events = VendorEvents,
            },
            Paged(
                "sales",
                "customers",
                500,
                $"""x.number, x.name, x.country, x.currency, x.payment_days as "paymentDays", {Decimal("x.credit_limit")} as "creditLimit" """,
                "erp.customers",
                "x.number",
                ["CUSTOMER_CREATED", "CUSTOMER_UPDATED", "CUSTOMER_DELETED"]
            ),
            Paged("sales", "materials", 1_000, Material, "erp.materials", "x.sku", MaterialEvents),
            new(
                "sales",
                "material",
                ReferenceVolatility.Reference,
                One(
                    $"""
                    select {Material}, x.active from erp.materials x where x.tenant_id = k.tenant_id and x.sku = k.sku
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Text("sku")],
                Events = MaterialEvents,
            },
            new(
                "sales",
                "kits",
                ReferenceVolatility.Reference,
                Items(
                    $"""
                    select x.code, x.name, {Array(
                        $"select c.sku, m.name, m.unit, {Decimal("c.quantity")} as quantity from erp.kit_components c join erp.materials m on m.tenant_id = c.tenant_id and m.sku = c.sku where c.tenant_id = x.tenant_id and c.kit_code = x.code order by c.sku"
                    )} as components
                    from erp.kits x where x.tenant_id = k.tenant_id and x.active order by x.code
                    """
                )
            )
            {
                Phase = WarmPhase.Master,
                Events = ["KIT_CREATED", "KIT_UPDATED", "KIT_DELETED", .. MaterialEvents],
            },
            // The rules in force today. One hour (Dashboard), because a rule begins or ends at midnight without an event.
            new(
                "sales",
                "pricing-rules",
                ReferenceVolatility.Dashboard,
                Items(
                    $"""
                    select x.code, x.sku, x.customer_number as "customerNumber", {Decimal("x.min_quantity")} as "minQuantity", {Decimal(
                        "x.discount_percent"
                    )} as "discountPercent", x.priority,
                        x.valid_from as "validFrom", x.valid_until as "validUntil"
                    from erp.pricing_rules x where x.tenant_id = k.tenant_id and x.valid_from <= k.today
                        and (x.valid_until is null or x.valid_until >= k.today)
                    order by x.priority desc, x.code
                    """
                )
            )
            {
                Phase = WarmPhase.Master,
                Events = ["PRICING_RULE_CREATED", "PRICING_RULE_UPDATED", "PRICING_RULE_DELETED"],
            },
            // What is open, by stage; the expected amount is weighted by the stage's chance of winning.
            new(
                "sales",
                "pipeline-summary",
                ReferenceVolatility.Operational,
                One(
                    $"""
                    select u.id as "userId", {BaseCurrency} as currency, {Array(
                        $"""
                        select s.code as stage, count(*) as opportunities, {Decimal("sum(o.amount)")} as amount,
                            {Decimal("round(sum(o.amount * s.probability) / 100, 4)")} as expected
                        from erp.opportunities o join erp.pipeline_stages s on s.tenant_id = o.tenant_id and s.code = o.stage_code
                        where o.tenant_id = k.tenant_id and o.owner_id = u.id and s.outcome is null
                        group by s.code, s.position order by s.position
                        """
                    )} as items
                    from users u where u.tenant_id = k.tenant_id and u.id = k."userId"::uuid and u.deleted_at is null
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Id("userId")],
                Phase = WarmPhase.Computed,
                Keys = """
                    select o.owner_id::text as "userId" from erp.opportunities o where o.tenant_id = t.tenant_id and o.owner_id is not null
                    group by o.owner_id
                    """,
                Events =
                [
                    "OPPORTUNITY_CREATED",
                    "OPPORTUNITY_UPDATED",
                    "OPPORTUNITY_DELETED",
                    "PIPELINE_STAGE_CREATED",
                    "PIPELINE_STAGE_UPDATED",
                    "PIPELINE_STAGE_DELETED",
                ],
            },
        ];

    private const string BaseCurrency = "(select c.code from erp.currencies c where c.tenant_id = k.tenant_id and c.is_base)";

    private const string Vendor = """x.number, x.name, x.country, x.currency, x.payment_days as "paymentDays" """;

    private static string[] VendorEvents => ["VENDOR_CREATED", "VENDOR_UPDATED", "VENDOR_DELETED"];

    private static string Material => $"x.sku, x.name, x.category, x.unit, {Decimal("x.price")} as price";

    private static string[] MaterialEvents => ["MATERIAL_CREATED", "MATERIAL_UPDATED", "MATERIAL_DELETED"];

    /// <summary>A master table whose active rows are read in pages.</summary>
    /// <param name="most">Largest number of rows that are warmed.</param>
    private static ReferenceEntity Paged(
        string module,
        string name,
        int most,
        string columns,
        string table,
        string order,
        string[] events
    ) =>
        new(module, name, ReferenceVolatility.Reference, Page(columns, $"{table} x where x.tenant_id = k.tenant_id and x.active", order))
        {
            Parts =
            [
                CacheKeyPart.Number("page", 1, CacheKeyPart.MostPages, 1),
                CacheKeyPart.Number("limit", 1, CacheKeyPart.MostItems, CacheKeyPart.PageSize),
            ],
            Phase = WarmPhase.Master,
            Many = AllPages(columns, $"{table} x where x.tenant_id = t.tenant_id and x.active", order, most),
            Events = events,
        };
}
