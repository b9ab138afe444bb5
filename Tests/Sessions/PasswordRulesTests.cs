using Overnight.Core.Sessions;

namespace Overnight.Tests.Sessions;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(11)]
    [InlineData(257)]
    public void Failure_TooShortOrLong_SaysTheLimitsAndTheLength(int length) =>
        Assert.Equal(
            $"A password must have 12 to 256 characters, and this one has {length}.",
            PasswordRules.Failure(new string('\u6f22', length))
        );

    [Theory]
    [InlineData(12)]
    [InlineData(256)]
    public void Failure_UncommonOfAnAllowedLength_IsNone(int length) => Assert.Null(PasswordRules.Failure(new string('\u6f22', length)));

    [Fact]
    public void Failure_EachCommonOneThatIsLongEnough_IsRefusedInAnyCase()
    {
        var common = PasswordRules.ReadCommon();
        List<string> longOnes = [.. common.Where(password => password.Length >= 12)];

        Assert.Equal(10_000, common.Count);
        Assert.Equal("123456", common[0]);
        Assert.InRange(longOnes.Count, 20, 1_000);
        Assert.Contains(longOnes, password => password.Length == 12);
        Assert.All(longOnes.Concat(longOnes.Select(password => password.ToUpperInvariant())), password =>
            Assert.Equal("The password is one of the 10,000 most common ones, which are tried first.", PasswordRules.Failure(password))
        );
        Assert.Throws<ArgumentNullException>("password", () => PasswordRules.Failure(null!));
    }
}
