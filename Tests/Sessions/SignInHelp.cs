using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Sessions;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Sessions;

/// <summary>Accounts with passwords, and requests about sessions.</summary>
internal static class SignInHelp
{
    public const string Password = "correct horse battery";

    public static PasswordHasher<string> Hasher(int iterations = PasswordRules.Iterations) =>
        new(Options.Create(new PasswordHasherOptions { IterationCount = iterations }));

    /// <returns>A user with <see cref="Password"/>, and its e-mail address.</returns>
    public static async Task<(Guid UserId, string Email)> AddAccountAsync(
        this NpgsqlDataSource database,
        string role = "user",
        int iterations = PasswordRules.Iterations
    )
    {
        var user = await database.AddUserAsync(role);
        var email = $"{user:N}@test.example";
        await database.ExecuteAsync(
            "insert into user_passwords values ($1, $2, now())",
            user,
            Hasher(iterations).HashPassword(email, Password)
        );
        return (user, email);
    }

    public static Task<HttpResponseMessage> SignInAsync(this ApiApp app, string email, string password, bool cookie = false) =>
        app.PostAsync(
            "/api/sessions",
            JsonSerializer.Serialize(
                new
                {
                    email,
                    password,
                    cookie,
                }
            )
        );

    public static async Task<HttpResponseMessage> PostAsync(
        this ApiApp app,
        string path,
        string? body = null,
        string? token = null,
        string type = "application/json"
    ) => await app.SendAsync(HttpMethod.Post, path, token, body is null ? null : new StringContent(body, Encoding.UTF8, type));

    public static async Task<HttpResponseMessage> SendAsync(
        this ApiApp app,
        HttpMethod method,
        string path,
        string? token,
        HttpContent? content = null
    )
    {
        using HttpRequestMessage request = new(method, path) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What the dashboard says to who sends a token; 404 is signed in, without results.</summary>
    public static async Task<HttpStatusCode> StatusAsync(this ApiApp app, string token)
    {
        using var answer = await app.GetAsync("/api/dashboard", token);
        return answer.StatusCode;
    }

    public static Task<string> EmailOfAsync(this NpgsqlDataSource database, Guid user) =>
        database.ScalarAsync<string>("select email from users where id = $1", user);

    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
