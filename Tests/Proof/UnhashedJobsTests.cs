using Overnight.Benchmarks.Hashing;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: what the cost of hashing is measured beside.</summary>
public sealed class UnhashedJobsTests
{
    [Fact]
    public async Task D6_BuildWithoutHashes_ChangesTextsThatAreInTheSourcesOnce()
    {
        foreach (var (file, text, _) in UnhashedJobs.Changes)
        {
            var source = await File.ReadAllTextAsync(Path.Combine(Repository.Folder, file), TestContext.Current.CancellationToken);
            Assert.True(source.Split(text).Length == 2, $"{file}: {text}");
        }
    }
}
