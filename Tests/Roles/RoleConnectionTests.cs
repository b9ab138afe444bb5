using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Roles;

/// <summary>The connection strings that name the three roles, and the stored forms of their passwords.</summary>
public sealed class RoleConnectionTests
{
    [Theory]
    [InlineData("overnight_api", null, "ConnectionStrings:overnight_api is not set")]
    [InlineData("overnight_sets", null, "ConnectionStrings:overnight_sets is not set")]
    [InlineData(
        "overnight_sets",
        "Username=overnight;Password=x",
        "ConnectionStrings:overnight and ConnectionStrings:overnight_sets name the same role, \"overnight\""
    )]
    [InlineData(
        "overnight",
        "Username=postgres;Password=x",
        "ConnectionStrings:overnight and ConnectionStrings:postgres name the same role, \"postgres\""
    )]
    [InlineData("overnight_api", "Username=api", "ConnectionStrings:overnight_api has no Password: the role \"api\" is made with it")]
    [InlineData("overnight_api", "Password=x", "ConnectionStrings:overnight_api names no Username")]
    [InlineData("overnight_api", "Usernmae=x", "ConnectionStrings:overnight_api can't be read: Couldn't set usernmae")]
    [InlineData("postgres", "Hots=x", "ConnectionStrings:postgres can't be read: Couldn't set hots")]
    public void Connections_OfRolesThatCanNotBe_NameKeyAndValue(string key, string? value, string words)
    {
        var configuration = TestRoles.Configuration("Host=there;Username=postgres;Password=secret-of-mine", "overnight", (key, value));

        var refused = Record.Exception(() => new DatabaseRoles(configuration));

        Assert.True(refused is CommandException or OptionsValidationException);
        Assert.StartsWith(words, refused.Message);
        Assert.DoesNotContain("secret-of-mine", refused.Message);
    }

    /// <summary>One's own server, with one role in every string.</summary>
    [Fact]
    public void Connections_OfOneRoleWithoutTheServersString_AreOneRole()
    {
        const string one = "Host=there;Username=overnight;Password=x";
        var configuration = TestRoles.Configuration(
            one,
            "overnight",
            (DatabaseConnection.Server, null),
            (DatabaseConnection.Api, one),
            (DatabaseConnection.Sets, one)
        );

        Assert.StartsWith("One role does everything", Assert.Single(new DatabaseRoles(configuration).Describe(null)));
    }

    [Theory]
    [InlineData(
        "pencil",
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        true
    )]
    [InlineData(
        "Pencil",
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        false
    )]
    [InlineData("pencil", "md5b1946ac92492d2347c6235b4d2611184", false)]
    [InlineData("pencil", "SCRAM-SHA-256$0:-$-:-", false)]
    [InlineData("pencil", null, false)]
    public void Verifier_OfAPassword_IsKnown(string password, string? stored, bool isOf)
    {
        Assert.Equal(isOf, ScramVerifier.IsOf(stored, password));
        Assert.True(ScramVerifier.IsOf(ScramVerifier.Create(password), password));
    }
}
