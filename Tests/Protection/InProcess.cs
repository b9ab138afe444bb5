using System.Net;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Protection;

/// <summary>Requests as a server hands them on, from an address that the test says.</summary>
internal static class InProcess
{
    public static Task<HttpContext> FromAsync(
        this ApiApp app,
        string address,
        string method,
        string path,
        string? body = null,
        params (string Name, string Value)[] headers
    ) =>
        ((TestServer)app.Get<IServer>()).SendAsync(
            context =>
            {
                var request = context.Request;
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                (request.Method, request.Path) = (method, path);
                if (body is not null)
                {
                    var bytes = Encoding.UTF8.GetBytes(body);
                    (request.ContentType, request.ContentLength, request.Body) = (
                        "application/json",
                        bytes.Length,
                        new MemoryStream(bytes)
                    );
                }
                foreach (var (name, value) in headers)
                    request.Headers[name] = value;
            },
            TestContext.Current.CancellationToken
        );

    /// <summary>A try to sign in, with a wrong password.</summary>
    public static Task<HttpContext> TryFromAsync(
        this ApiApp app,
        string address,
        string email,
        params (string Name, string Value)[] headers
    ) => app.FromAsync(address, HttpMethods.Post, "/api/sessions", $$"""{"email":"{{email}}","password":"x"}""", headers);
}
