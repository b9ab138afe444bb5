namespace Overnight.Tests.Harness;

/// <summary>Waits for what happens beside the test; the deadline only ends a test that would hang.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? limit = null)
    {
        using CancellationTokenSource deadline = new(limit ?? Usual);
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            try
            {
                await pause.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Within {(limit ?? Usual).TotalSeconds:N0} s it did not come true that {what}.");
            }
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? limit = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, limit);
}
