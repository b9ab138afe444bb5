namespace Overnight.AppHost;

/// <summary>How PostgreSQL and the cache run where no connection string names a server.</summary>
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

    /// <summary>
    /// The kind that <c>Servers</c> configures, else the kind this clone's data was made with, else containers where an engine answers.
    /// </summary>
    /// <remarks>Servers of one kind do not see the data of the other, so the choice is stored, and a change of it is printed.</remarks>
    public static async Task<ServerKind> ServerKindAsync(this IDistributedApplicationBuilder builder)
    {
        if (builder.ExecutionContext.IsPublishMode)
            return ServerKind.Containers;

        var data = DataDirectory.Of(builder);
        ServerKind? kept =
            Enum.TryParse<ServerKind>(data.Note(NoteFile), ignoreCase: true, out var noted) ? noted
            // Data without this file was made by builds that knew only processes.
            : Directory.Exists(Path.Combine(data.Path, "postgres")) ? ServerKind.Processes
            : null;
        var insisted = Insisted(builder.Configuration[Key]);
        var kind = insisted ?? kept ?? (await ContainerEngine.AnswersAsync(EngineTimeout) ? ServerKind.Containers : ServerKind.Processes);
        if (kept is { } before && before != kind)
            Console.WriteLine(
                $"PostgreSQL and the cache run as {Name(kind)} now ({Key}={Name(kind)}). The data made as {Name(before)} is kept, and is used again with {Key}={Name(before)}."
            );
        else if (kept is null)
            Console.WriteLine($"PostgreSQL and the cache run as {Name(kind)}; {Key}={Name(Other(kind))} chooses the other kind.");
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
