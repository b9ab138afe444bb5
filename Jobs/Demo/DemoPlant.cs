namespace Overnight.Jobs.Demo;

/// <summary>Three facilities with locations, bins and machines, and a day of readings.</summary>
internal static class DemoPlant
{
    private const int Locations = 40,
        BinsALocation = 3,
        WorkCenters = 8,
        Machines = 12,
        Readings = 24,
        MaterialsALocation = 3;

    private static readonly (string Code, string Name)[] Facilities =
    [
        ("MAIN", "Main plant"),
        ("WEST", "Western warehouse"),
        ("EAST", "Eastern warehouse"),
    ];
    private static readonly string[] Zones = ["receiving", "storage", "storage", "storage", "picking", "picking", "storage", "shipping"];

    public static DemoRows[] Tables { get; } =
    [
        new("erp.facilities (tenant_id, id, code, name)", t =>
            Facilities.Select((f, at) => (object?[])[t.Id, DemoIds.Facility(t.Seed, t.Number, at), f.Code, f.Name])
        ),
        new("erp.work_centers (tenant_id, code, name, facility_id, hourly_rate, hours_per_day)", Centers),
        new("erp.locations (tenant_id, facility_id, code, zone)", t =>
            LocationsOf(t).Select(l => (object?[])[t.Id, l.Facility, l.Code, l.Zone])
        ),
        new("erp.bins (tenant_id, facility_id, location_code, number, capacity, used)", Bins),
        new("erp.stock (tenant_id, facility_id, location_code, sku, quantity)", Stock),
        new("erp.equipment (tenant_id, code, name, work_center_code, max_temperature, max_vibration)", Equipment),
        new("erp.equipment_readings (tenant_id, equipment_code, read_at, temperature, vibration)", ReadingRows),
    ];

    private static IEnumerable<(Guid Facility, string Code, string Zone)> LocationsOf(DemoTenant tenant) =>
        from at in Enumerable.Range(0, Facilities.Length)
        from number in Enumerable.Range(1, Locations)
        select (DemoIds.Facility(tenant.Seed, tenant.Number, at), $"L-{number:D3}", Zones[number % Zones.Length]);

    private static IEnumerable<object?[]> Centers(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.WorkCenters);
        for (var number = 1; number <= WorkCenters; number++)
        {
            yield return
            [
                tenant.Id,
                $"WC-{number:D2}",
                $"Work center {number}",
                DemoIds.Facility(tenant.Seed, tenant.Number, 0),
                random.Between(20m, 120m, 0),
                random.Between(8, 24) * 1m,
            ];
        }
    }

    private static IEnumerable<object?[]> Bins(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Bins);
        foreach (var location in LocationsOf(tenant))
        {
            for (var number = 1; number <= BinsALocation; number++)
            {
                var capacity = random.Between(2, 20) * 50m;
                var used =
                    random.Chance(10) ? 0
                    : random.Chance(10) ? capacity
                    : decimal.Round(capacity * random.Between(5, 98) / 100, 2, MidpointRounding.AwayFromZero);
                yield return [tenant.Id, location.Facility, location.Code, (short)number, capacity, used];
            }
        }
    }

    private static IEnumerable<object?[]> Stock(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Stock);
        foreach (var location in LocationsOf(tenant))
        {
            // Spaced out, so that no location has a material twice.
            var first = random.Between(1, DemoSales.Materials / MaterialsALocation);
            for (var i = 0; i < MaterialsALocation; i++)
            {
                var sku = DemoSales.Sku(first + i * (DemoSales.Materials / MaterialsALocation));
                yield return [tenant.Id, location.Facility, location.Code, sku, random.Between(0, 200) * 1m];
            }
        }
    }

    private static IEnumerable<object?[]> Equipment(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Equipment);
        for (var number = 1; number <= Machines; number++)
        {
            yield return
            [
                tenant.Id,
                $"EQ-{number:D2}",
                $"Machine {number}",
                $"WC-{(number - 1) % WorkCenters + 1:D2}",
                random.Between(70m, 110m, 0),
                random.Between(4m, 9m, 1),
            ];
        }
    }

    private static IEnumerable<object?[]> ReadingRows(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Readings);
        DateTimeOffset last = new(tenant.Now.Year, tenant.Now.Month, tenant.Now.Day, tenant.Now.Hour, 0, 0, TimeSpan.Zero);
        for (var number = 1; number <= Machines; number++)
        {
            for (var hour = 0; hour < Readings; hour++)
            {
                yield return
                [
                    tenant.Id,
                    $"EQ-{number:D2}",
                    last.AddHours(-hour).UtcDateTime,
                    random.Between(35m, 95m, 1),
                    random.Between(0.5m, 7m, 2),
                ];
            }
        }
    }
}
