namespace Overnight.AppHost;

/// <summary>What PostgreSQL and the cache run as where no connection string names a server.</summary>
internal enum ServerKind
{
    Containers,
    Processes,
}

internal static class ServerKinds
{
    private const string Key = "Servers",
        NoteFile = "servers";
    private static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What <c>Servers</c> insists on, else what this clone's data was made by, else containers where an engine answers.</summary>
    /// <remarks>Data of one kind is not seen by the other, so the choice is kept, and a change is told.</remarks>
    public static async Task<ServerKind> ServerKindAsync(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
            return ServerKind.Containers;

        var data = DataDirectory.Of(builder);
        ServerKind? kept =
            Enum.TryParse<ServerKind>(data.Note(NoteFile), ignoreCase: true, out var noted) ? noted
            // Builds before this note was kept knew only processes.
            : Directory.Exists(Path.Combine(data.Path, "postgres")) ? ServerKind.Processes
            : null;
        var insisted = Insisted(builder.Configuration[Key]);
        var kind = insisted ?? kept ?? (await ContainerEngine.AnswersAsync(EngineTimeout) ? ServerKind.Containers : ServerKind.Processes);
        if (kept is { } before && before != kind)
            Console.WriteLine(
                $"PostgreSQL and the cache run as {Name(kind)} now ({Key}={Name(kind)}). The data made as {Name(before)} is kept and not seen until {Key}={Name(before)}."
            );
        else if (kept is null)
            Console.WriteLine($"PostgreSQL and the cache run as {Name(kind)}; {Key}={Name(Other(kind))} would choose the other.");
        if (kept != kind)
            data.WriteNote(NoteFile, Name(kind));
        return kind;
    }

    private static ServerKind? Insisted(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : Enum.TryParse<ServerKind>(text, ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind
        : throw new DistributedApplicationException($"{Key} must be containers or processes, and is '{text}'.");

    private static ServerKind Other(ServerKind kind) => kind == ServerKind.Containers ? ServerKind.Processes : ServerKind.Containers;

    private static string Name(ServerKind kind) => kind.ToString().ToLowerInvariant();
}
