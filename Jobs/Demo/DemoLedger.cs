namespace Overnight.Jobs.Demo;

/// <summary>A small chart of accounts, three years of months, and balanced journals from last January to today.</summary>
internal static class DemoLedger
{
    private const int EntriesAMonth = 12;

    public static readonly string[] CurrencyCodes = ["USD", "EUR", "GBP", "JPY", "CHF", "CAD"];

    private static readonly (string Code, string Name, string Type, string? Parent)[] Accounts =
    [
        ("1000", "Assets", "asset", null),
        ("1010", "Cash", "asset", "1000"),
        ("1020", "Bank", "asset", "1000"),
        ("1100", "Receivables", "asset", "1000"),
        ("1200", "Prepayments", "asset", "1000"),
        ("1300", "Inventory", "asset", "1000"),
        ("1310", "Work in progress", "asset", "1000"),
        ("1500", "Machinery", "asset", "1000"),
        ("1590", "Accumulated depreciation", "asset", "1000"),
        ("2000", "Liabilities", "liability", null),
        ("2010", "Payables", "liability", "2000"),
        ("2100", "Accrued wages", "liability", "2000"),
        ("2200", "Sales tax", "liability", "2000"),
        ("2500", "Bank loan", "liability", "2000"),
        ("3000", "Equity", "equity", null),
        ("3010", "Share capital", "equity", "3000"),
        ("3020", "Retained earnings", "equity", "3000"),
        ("4000", "Revenue", "revenue", null),
        ("4010", "Sales of goods", "revenue", "4000"),
        ("4020", "Services", "revenue", "4000"),
        ("4090", "Discounts given", "revenue", "4000"),
        ("5000", "Cost of sales", "expense", null),
        ("5010", "Material used", "expense", "5000"),
        ("5020", "Freight", "expense", "5000"),
        ("6000", "Operating expenses", "expense", null),
        ("6010", "Wages", "expense", "6000"),
        ("6020", "Rent", "expense", "6000"),
        ("6030", "Energy", "expense", "6000"),
        ("6040", "Depreciation", "expense", "6000"),
        ("7000", "Interest", "expense", null),
    ];

    /// <summary>The account debited, the account credited, and the largest amount.</summary>
    private static readonly (string Debit, string Credit, decimal Most)[] Postings =
    [
        ("1100", "4010", 40_000),
        ("1100", "4020", 12_000),
        ("1020", "1100", 45_000),
        ("5010", "1300", 22_000),
        ("1300", "2010", 25_000),
        ("2010", "1020", 24_000),
        ("6010", "2100", 15_000),
        ("2100", "1020", 15_000),
        ("6020", "1020", 4_000),
        ("6030", "2010", 2_500),
        ("6040", "1590", 1_800),
        ("7000", "1020", 600),
    ];

    public static DemoRows[] Tables { get; } =
    [
        new("erp.currencies (tenant_id, code, is_base)", Currencies),
        new("erp.accounts (tenant_id, code, name, type, parent_code)", t =>
            Accounts.Select(a => (object?[])[t.Id, a.Code, a.Name, a.Type, a.Parent])
        ),
        new("erp.periods (tenant_id, code, starts_on, ends_on, status)", Periods),
        new("erp.journal_lines (tenant_id, entry, line, period_code, account_code, posted_on, debit, credit)", Journal),
    ];

    private static IEnumerable<object?[]> Currencies(DemoTenant tenant) =>
        CurrencyCodes.Select((code, at) => (object?[])[tenant.Id, code, at == (tenant.Number - 1) % 3]);

    private static IEnumerable<object?[]> Periods(DemoTenant tenant)
    {
        DateOnly current = new(tenant.Today.Year, tenant.Today.Month, 1);
        foreach (var first in Months(new(tenant.Today.Year - 1, 1, 1), new(tenant.Today.Year + 1, 12, 1)))
        {
            // Last month's period is still open, as if its books were being closed.
            var status =
                first > current ? "future"
                : first >= current.AddMonths(-1) ? "open"
                : "closed";
            yield return [tenant.Id, $"{first:yyyy-MM}", first, first.AddMonths(1).AddDays(-1), status];
        }
    }

    private static IEnumerable<object?[]> Journal(DemoTenant tenant)
    {
        var random = tenant.Random(DemoTable.Journal);
        var entry = 0;
        foreach (var first in Months(new(tenant.Today.Year - 1, 1, 1), tenant.Today))
        {
            var days = Math.Min(first.AddMonths(1).DayNumber - 1, tenant.Today.DayNumber) - first.DayNumber;
            for (var i = 0; i < EntriesAMonth; i++)
            {
                var (debit, credit, most) = Postings[i % Postings.Length];
                var amount = random.Between(most / 4, most, 2);
                var day = first.AddDays(random.Between(0, days));
                entry++;
                yield return [tenant.Id, entry, (short)1, $"{first:yyyy-MM}", debit, day, amount, 0m];
                yield return [tenant.Id, entry, (short)2, $"{first:yyyy-MM}", credit, day, 0m, amount];
            }
        }
    }

    private static IEnumerable<DateOnly> Months(DateOnly from, DateOnly until)
    {
        for (; from <= until; from = from.AddMonths(1))
            yield return from;
    }
}
