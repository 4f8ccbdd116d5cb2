"""The sub-dataset and the photograph that a crop's name tells."""

import pytest

from crackseg.data.splits.name_rules import Origin, number, origin


@pytest.mark.parametrize(
    ("stem", "source", "photograph"),
    [
        ("CRACK500_20160307_164400_1281_721", "CRACK500", "CRACK500_20160307_164400"),
        (
            "Rissbilder_for_Florian_9S6A2782_0_0_3840_5760",
            "Rissbilder",
            "Rissbilder_for_Florian_9S6A2782",
        ),
        ("Volker_DSC01692_316_1370_932_1128", "Volker", "Volker_DSC01692"),
        (
            "noncrack_noncrack_concrete_wall_20_71",
            "noncrack",
            "noncrack_noncrack_concrete_wall_20",
        ),
        (
            "noncrack_noncrack_concrete_wall_28_0.jpg",
            "noncrack",
            "noncrack_noncrack_concrete_wall_28",
        ),
        ("a_0_10", "masonry", "a_0"),
        ("b_3_7", "masonry", "b_3"),
        ("c_12_0", "masonry", "c_12"),
        ("d_1_1", "masonry", "d_1"),
        ("h_2_99", "masonry", "h_2"),
        ("DeepCrack_11215-3", "DeepCrack", "DeepCrack_11215"),
        ("DeepCrack_7Q3A9060-12", "DeepCrack", "DeepCrack_7Q3A9060"),
        ("DeepCrack_11112", "DeepCrack", "DeepCrack_11112"),
        ("DeepCrack_IMG136", "DeepCrack", "DeepCrack_IMG136"),
        ("DeepCrack_IMG33-11", "DeepCrack", "DeepCrack_IMG33"),
        ("DeepCrack_IMG_6536-6", "DeepCrack", "DeepCrack_IMG_6536"),
        ("a_149_37", "masonry", "a_149"),
        ("GAPS384_train_0552_1_641", "GAPS384", "GAPS384_train_0552"),
        ("GAPS384_test_0001_541_1", "GAPS384", "GAPS384_test_0001"),
        ("CFD_001", "CFD", "CFD_001"),
        ("cracktree200_6192", "cracktree200", "cracktree200_6192"),
        ("Ceramic_014", "Ceramic", "Ceramic_014"),
        ("synthetic_asphalt_0000", "synthetic", "synthetic_asphalt_0000"),
        ("worn_asphalt_0000", "worn", "worn_asphalt_0000"),
        ("worn_asphalt_7", "", ""),
        # Their photograph is not known.
        ("CRACK500_00017", "CRACK500", ""),
        ("CRACK500_17", "CRACK500", ""),
        ("Mason_17", "masonry", ""),
        ("Mason_x", "masonry", ""),
        # Of these nothing is known, not even that DeepCrack's own archive spells its names so.
        ("11111", "", ""),
        ("7Q3A9060-1", "", ""),
        ("holiday", "", ""),
        ("a_0", "", ""),
        ("e_0_10", "", ""),
        ("my_CFD_001", "", ""),
        ("Volker", "", ""),
        ("", "", ""),
    ],
)
def test_origin(stem: str, source: str, photograph: str) -> None:
    assert origin(stem) == Origin(source, photograph)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CRACK500_20160307_164400_1281_721", "CRACK500_20160307_164400_1_361"),
        (
            "Rissbilder_for_Florian_9S6A2782_0_0_3840_5760",
            "Rissbilder_for_Florian_9S6A2782_1_2_3_4",
        ),
        ("Volker_DSC01692_316_1370_932_1128", "Volker_DSC01692_0_0_1_1"),
        ("noncrack_noncrack_concrete_wall_20_71", "noncrack_noncrack_concrete_wall_20_7"),
        ("a_0_10", "a_0_1"),
        ("DeepCrack_11215-3", "DeepCrack_11215-30"),
        ("GAPS384_train_0552_1_641", "GAPS384_train_0552_641_1"),
    ],
)
def test_crops_of_one_photograph_have_one_origin(one: str, other: str) -> None:
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CRACK500_20160307_164400_1281_721", "CRACK500_20160307_164401_1281_721"),
        ("a_0_10", "a_1_10"),
        ("a_0_10", "b_0_10"),
        ("noncrack_noncrack_concrete_wall_20_71", "noncrack_noncrack_concrete_wall_21_71"),
        ("GAPS384_train_0552_1_641", "GAPS384_test_0552_1_641"),
        ("CFD_001", "CFD_002"),
    ],
)
def test_crops_of_different_photographs_have_different_origins(one: str, other: str) -> None:
    assert origin(one) != origin(other)


@pytest.mark.parametrize(
    ("stem", "place"),
    [
        ("CRACK500_00017", 17),
        ("CRACK500_1639", 1639),
        ("CFD_001", 1),
        ("Mason_0", 0),
        ("CRACK500_20160307_164400_1281_721", None),
        ("DeepCrack_11215-3", None),
        ("DeepCrack_IMG136", None),
        ("a_0_10", None),
        ("17", None),
        ("", None),
    ],
)
def test_number(stem: str, place: int | None) -> None:
    assert number(stem) == place
