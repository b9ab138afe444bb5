using Overnight.Core.Data;

namespace Overnight.Api.Problems;

/// <summary>
/// Asks an endpoint once more where a connection to PostgreSQL had ended before it was used, as every pooled one has after a restart of
/// the server. Only reads: what others do is tried again where it is done (<see cref="DatabaseRetry"/>).
/// </summary>
internal static class ReadRetry
{
    /// <summary>Behind all that decides who asks, so that nothing but the endpoint is repeated.</summary>
    public static void UseReadRetry(this WebApplication app) =>
        app.Use(
            static async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception exception)
                    when (HttpMethods.IsGet(context.Request.Method)
                        && !context.Response.HasStarted
                        && DatabaseOutage.IsLostConnection(exception)
                    )
                {
                    await next(context);
                }
            }
        );
}
