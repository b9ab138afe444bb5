using Overnight.Core.Warming;
using static Overnight.Core.Reference.ReferenceSql;

namespace Overnight.Core.Reference;

/// <summary>Entities of facilities and equipment.</summary>
public static partial class ReferenceCatalog
{
    private static ReferenceEntity[] Plant =>
        [
            new(
                "manufacturing",
                "work-centers",
                ReferenceVolatility.Reference,
                Items(
                    $"""
                    select x.code, x.name, x.facility_id as "facilityId", {Decimal("x.hourly_rate")} as "hourlyRate", {Decimal(
                        "x.hours_per_day"
                    )} as "hoursPerDay"
                    from erp.work_centers x where x.tenant_id = k.tenant_id and x.active order by x.code
                    """
                )
            )
            {
                Phase = WarmPhase.Essential,
                Events = ["WORK_CENTER_CREATED", "WORK_CENTER_UPDATED", "WORK_CENTER_DELETED"],
            },
            new(
                "wms",
                "facilities",
                ReferenceVolatility.Static,
                Items(
                    """
                    select x.id, x.code, x.name from erp.facilities x where x.tenant_id = k.tenant_id order by x.code
                    """
                )
            )
            {
                Phase = WarmPhase.Master,
                Events = FacilityEvents,
            },
            new(
                "wms",
                "locations",
                ReferenceVolatility.Reference,
                One(
                    $"""
                    select f.id as "facilityId", f.code, f.name,
                        {Array(
                        "select x.code, x.zone from erp.locations x where x.tenant_id = f.tenant_id and x.facility_id = f.id and x.active order by x.code"
                    )} as items
                    from erp.facilities f where f.tenant_id = k.tenant_id and f.id = k."facilityId"::uuid
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Id(FacilityId)],
                Phase = WarmPhase.Master,
                Keys = FacilityKeys,
                Events = [.. LocationEvents, .. FacilityEvents],
            },
            new(
                "wms",
                "bin-utilisation",
                ReferenceVolatility.Operational,
                One(
                    $"""
            select f.id as "facilityId", f.code, {Array($"""
                select x.zone, count(*) as bins, {Decimal("sum(b.capacity)")} as capacity, {Decimal("sum(b.used)")} as used, {Decimal("round(100 * sum(b.used) / sum(b.capacity), 2)")} as percent,
                    count(*) filter (where b.used = 0) as empty, count(*) filter (where b.used = b.capacity) as "full"
                from erp.bins b join erp.locations x on x.tenant_id = b.tenant_id and x.facility_id = b.facility_id and x.code = b.location_code
                where b.tenant_id = f.tenant_id and b.facility_id = f.id and x.active group by x.zone order by x.zone
                """)} as items
            from erp.facilities f where f.tenant_id = k.tenant_id and f.id = k."facilityId"::uuid
            """
                )
            )
            {
                Parts = [CacheKeyPart.Id(FacilityId)],
                Phase = WarmPhase.Computed,
                Keys = FacilityKeys,
                Events = ["STOCK_MOVED", "BIN_UPDATED", .. LocationEvents, .. FacilityEvents],
            },
            // Quantities of materials have units of their own, so that only their values add up.
            new(
                "wms",
                "inventory-summary",
                ReferenceVolatility.Operational,
                One(
                    $"""
                    select f.id as "facilityId", f.code, {BaseCurrency} as currency, {Array(
                        $"""
                        select m.category, count(distinct s.sku) as materials, {Decimal("round(sum(s.quantity * m.price), 4)")} as value
                        from erp.stock s join erp.materials m on m.tenant_id = s.tenant_id and m.sku = s.sku
                        where s.tenant_id = f.tenant_id and s.facility_id = f.id and s.quantity > 0 group by m.category order by m.category
                        """
                    )} as items
                    from erp.facilities f where f.id = k."facilityId"::uuid and f.tenant_id = k.tenant_id
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Id(FacilityId)],
                Phase = WarmPhase.Computed,
                Keys = FacilityKeys,
                Events = ["STOCK_MOVED", .. MaterialEvents, .. LocationEvents, .. FacilityEvents],
            },
            // Status by the highest share of a limit in the last reading; a machine without a reading since yesterday is unknown.
            new(
                "equipment",
                "health",
                ReferenceVolatility.Operational,
                Items(
                    $"""
                    select x.code, x.name, x.work_center_code as "workCenterCode",
                        case when r.read_at is null then 'unknown' when w.load < 0.8 then 'good' when w.load < 1 then 'warning'
                            else 'critical' end as status,
                        {Decimal("round(w.load * 100, 1)")} as "loadPercent", {Decimal("r.temperature")} as temperature, {Decimal(
                        "r.vibration"
                    )} as vibration, {Time("r.read_at")} as "readAt"
                    from erp.equipment x
                    left join lateral (
                        select * from erp.equipment_readings e where e.tenant_id = x.tenant_id and e.equipment_code = x.code
                            and e.read_at >= (k.today - 1)::timestamp at time zone 'UTC'
                                and e.read_at < (k.today + 1)::timestamp at time zone 'UTC'
                        order by e.read_at desc limit 1) r on true
                    cross join lateral (select greatest(r.temperature / x.max_temperature, r.vibration / x.max_vibration) as load) w
                    where x.tenant_id = k.tenant_id and x.active order by x.code
                    """
                )
            )
            {
                Phase = WarmPhase.Computed,
                Events = ["EQUIPMENT_UPDATED", "EQUIPMENT_READING_RECORDED"],
            },
        ];

    private const string FacilityId = "facilityId";

    private const string FacilityKeys =
        "select x.id::text as \"facilityId\" from erp.facilities x where x.tenant_id = t.tenant_id order by x.code";

    private static string[] FacilityEvents => ["FACILITY_CREATED", "FACILITY_UPDATED", "FACILITY_DELETED"];

    private static string[] LocationEvents => ["LOCATION_CREATED", "LOCATION_UPDATED", "LOCATION_DELETED"];
}
