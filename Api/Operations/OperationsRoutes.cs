using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Admin;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Runs;

namespace Overnight.Api.Operations;

/// <summary>What administrators look at to tell whether tonight will be well; the operations pages show the same.</summary>
internal static class OperationsRoutes
{
    public static void AddOperations(this WebApplicationBuilder builder) =>
        builder
            .Services.AddSingleton<MarketSchedules>()
            .AddSingleton<ProviderStates>()
            .AddSingleton<UserSearch>()
            .AddSingleton<DoctorReader>();

    public static void MapOperations(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("workers", WorkersAsync)
            .WithName("ListWorkers")
            .WithSummary("The jobs processes of the last day, with their last heartbeat; one is silent after a minute without.");
        group
            .MapGet("doctor", DoctorAsync)
            .WithName("GetFindings")
            .WithSummary(
                "What is stuck or broken, since when, and what to do: what jobs doctor finds, as far as the api's role may see it."
            );
        group
            .MapGet("providers", ProvidersAsync)
            .WithName("GetProviders")
            .WithSummary("What each provider delivered in the last run that asked them, and since when it is so.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapWarmSetList();
        group.MapCacheHistory();
        group
            .MapGet("users", UsersAsync)
            .WithName("ListUsers")
            .WithSummary(
                "Users by e-mail address, those whose address begins with query where given; banned is true or false. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapGet("users/{id}", UserAsync)
            .WithName("GetUser")
            .WithSummary("A user: address, role, markets, and since when banned.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<List<WorkerProcess>>> WorkersAsync(WorkerDirectory workers, CancellationToken ct) =>
        TypedResults.Ok(await workers.ListAsync(ct));

    private static async Task<Ok<DoctorAnswer>> DoctorAsync(DoctorReader doctor, CancellationToken ct) =>
        TypedResults.Ok(await doctor.ReadAsync(ct));

    private static async Task<Results<Ok<ProviderAnswer>, ProblemHttpResult>> ProvidersAsync(
        ProviderStates providers,
        CancellationToken ct
    ) =>
        await providers.ReadAsync(ct) is { } answer
            ? TypedResults.Ok(answer)
            : TypedResults.Problem("No run has asked providers yet.", statusCode: StatusCodes.Status404NotFound, title: "No run yet");

    private static async Task<Results<Ok<Listed<UserItem>>, ValidationProblem>> UsersAsync(
        string? query,
        string? banned,
        string? limit,
        string? cursor,
        UserSearch users,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var beginning = UserSearch.Beginning(query, errors);
        var isBanned = UserSearch.Banned(banned, errors);
        var page = PageQuery<UserEmailCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        var rows = await users.FindAsync(beginning, isBanned, page, ct);
        return TypedResults.Ok(Listed<UserItem>.Of(rows, page, user => new UserEmailCursor(user.Email), user => user));
    }

    private static async Task<Results<Ok<UserItem>, ValidationProblem, ProblemHttpResult>> UserAsync(
        string id,
        UserSearch users,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var user, out var problem))
            return problem;
        return await users.FindAsync(user, ct) is { } found ? TypedResults.Ok(found) : UserAccessRoutes.UserNotFound(user);
    }
}
