using Overnight.Core.Data;

namespace Overnight.Api.Problems;

/// <summary>
/// Runs the endpoint of a GET or HEAD a second time when its connection to PostgreSQL was lost, as all pooled connections are after a
/// restart of the server. Other methods retry single statements themselves (<see cref="DatabaseRetry"/>).
/// </summary>
internal static class ReadRetry
{
    /// <summary>Add it after authentication and authorisation, so that only the endpoint is repeated.</summary>
    public static void UseReadRetry(this WebApplication app) =>
        app.Use(
            static async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception exception)
                    when ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
                        && !context.Response.HasStarted
                        && DatabaseOutage.IsLostConnection(exception)
                    )
                {
                    await next(context);
                }
            }
        );
}
