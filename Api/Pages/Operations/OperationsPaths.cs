namespace Overnight.Api.Pages.Operations;

/// <summary>Addresses of the operations pages.</summary>
internal static class OperationsPaths
{
    public const string Overview = "/operations",
        Runs = "/operations/runs",
        NewRun = "/operations/runs/new",
        Schedule = "/operations/schedule",
        Warming = "/operations/warming",
        Cache = "/operations/cache",
        Invalidate = "/operations/cache/invalidate",
        Providers = "/operations/providers",
        Notices = "/operations/notices",
        Flags = "/operations/flags",
        Users = "/operations/users",
        Log = "/operations/log",
        Keys = "/operations/keys";

    public static string Run(Guid id) => $"{Runs}/{id:D}";

    public static string Retry(Guid id) => $"{Runs}/{id:D}/retry";

    /// <param name="kind">markets or sets.</param>
    public static string ScheduleOf(string kind, string name) => $"{Schedule}/{kind}/{Uri.EscapeDataString(name)}";

    public static string Redeliver(Guid notice) => $"{Notices}/{notice:D}/redeliver";

    public static string Flag(string key) => $"{Flags}/{Uri.EscapeDataString(key)}";

    public static string User(Guid id) => $"{Users}/{id:D}";

    /// <summary>What a field or parameter has; null where it is empty, as forms send their empty fields too.</summary>
    public static string? Given(string? field) => string.IsNullOrEmpty(field) ? null : field;

    /// <summary>A path with the parameters that have a value.</summary>
    public static string With(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var separator = '?';
        System.Text.StringBuilder address = new(path);
        foreach (var (name, value) in query)
        {
            if (string.IsNullOrEmpty(value))
                continue;
            address.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return address.ToString();
    }
}

/// <summary>A page of the operations, in the order in which they are shown, with the second key of its shortcut.</summary>
internal sealed record OperationsSection(string Path, string Text, char Key)
{
    public static readonly OperationsSection[] All =
    [
        new(OperationsPaths.Overview, "Overview", 'o'),
        new(OperationsPaths.Runs, "Runs", 'r'),
        new(OperationsPaths.Schedule, "Schedule", 's'),
        new(OperationsPaths.Warming, "Warming", 'w'),
        new(OperationsPaths.Cache, "Cache", 'c'),
        new(OperationsPaths.Providers, "Providers", 'p'),
        new(OperationsPaths.Notices, "Notices", 'n'),
        new(OperationsPaths.Flags, "Flags", 'f'),
        new(OperationsPaths.Users, "Users", 'u'),
        new(OperationsPaths.Log, "Action log", 'l'),
    ];

    /// <summary>Whether a page is this one or below it.</summary>
    public bool IsOf(string path) =>
        Path == OperationsPaths.Overview
            ? path == Path || path.StartsWith(Path + "?", StringComparison.Ordinal)
            : path.StartsWith(Path, StringComparison.Ordinal) && (path.Length == Path.Length || path[Path.Length] is '/' or '?');
}
